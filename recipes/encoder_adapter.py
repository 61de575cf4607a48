"""The encoder's adapter: `python -m recipes.encoder_adapter [--public DIR]`, DIR being a folder of public pairs.

Low-rank changes of the encoder's linear layers bring a question as people type it near the passage that answers it, by
pooled vector and by late interaction, while all vectors stay near those of the published weights.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize
from torch.nn.utils.rnn import pad_sequence
from transformers import BertModel

from core.encoder import Encoder, Encoding
from core.settings import DATA, EncoderSettings, IngestSettings
from core.weights import ADAPTER, packaged_model
from ingest.load import load
from ingest.split import split
from recipes.statements import plain

RANK, STEPS, RATE, CLOSENESS = 16, 400, 1e-3, 2.0
SHARES = {"bank": 0.3, "interview": 0.3, "scifact": 0.2, "attribution": 0.2}
# The other interview repositories are kept to measure what the adapter does to questions it never saw.
REPOSITORIES = ("ajitsingh98", "theainerd")
# Questions that open a batch; each brings one of the passages nearest to it; most questions that a passage asks.
SEEDS, NEAREST, SIBLINGS = 16, 24, 3
LONGEST = 1_500  # characters of a passage that are read; its window holds less
POOLED_TEMPERATURE, TOKEN_TEMPERATURE, CLS, SEP = 0.05, 0.03, 101, 102
Passage = tuple[str, str, list[str]]  # text, group and questions; passages of one group are not told apart


class Pairs:
    """Passages and their questions with frozen vectors; hands out batches, each question once before any again."""

    def __init__(self, passages: list[Passage], encoder: Encoder) -> None:
        texts, self.groups, asked = zip(*passages, strict=True)
        self.answer = [row for row, own in enumerate(asked) for _ in own]
        self.passages, self.questions = encoder.encode(texts), encoder.encode([each for own in asked for each in own])
        self.near = (-self.questions.pooled @ self.passages.pooled.T).argsort(1, kind="stable")[:, :NEAREST].tolist()
        self.waiting: list[int] = []

    def batch(self, rng: random.Random) -> tuple[list[int], list[int]]:
        """Rows of questions and of passages; every question's answer is among the passages."""
        chosen: dict[int, list[int]] = {}
        for _ in range(SEEDS):
            self.waiting = self.waiting or rng.sample(range(len(self.answer)), len(self.answer))
            seed = self.waiting.pop()
            row = self.answer[seed]
            chosen.setdefault(row, []).append(seed)
            chosen.setdefault(rng.choice([n for n in self.near[seed] if self.groups[n] != self.groups[row]]), [])
        for row, own in chosen.items():
            others = [each for each, answer in enumerate(self.answer) if answer == row and each not in own]
            own += rng.sample(others, min(len(others), max(0, SIBLINGS - len(own))))
        return [question for own in chosen.values() for question in own], list(chosen)

    def loss(self, model: BertModel, questions: list[int], passages: list[int]) -> Tensor:
        """Contrast of each question's passage with the others, pooled and by late interaction; closeness."""
        asked, asked_tokens, asked_mask, asked_drift = _forward(model, self.questions, questions)
        found, found_tokens, found_mask, found_drift = _forward(model, self.passages, passages)
        target = torch.tensor([passages.index(self.answer[question]) for question in questions])
        groups = [self.groups[row] for row in passages]
        banned = torch.tensor([[a == b and i != j for j, b in enumerate(groups)] for i, a in enumerate(groups)])[target]
        cosines = torch.einsum("qid,pjd->qpij", asked_tokens.bfloat16(), found_tokens.bfloat16()).float()
        best = cosines.masked_fill(~found_mask[None, :, None, :], -1.0).amax(-1) * asked_mask[:, None, :]
        late = best.sum(-1) / asked_mask.sum(-1)[:, None]
        scores = torch.stack([(asked @ found.T) / POOLED_TEMPERATURE, late / TOKEN_TEMPERATURE])
        contrast = sum(cross_entropy(each.masked_fill(banned, -1e4), target) for each in scores)
        return contrast + CLOSENESS * (asked_drift + found_drift)


def _forward(model: BertModel, frozen: Encoding, rows: list[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Unit vectors, pooled `(n, dim)` and of tokens `(n, length, dim)`; the tokens' mask; distance from the frozen."""
    hidden: dict[int, Tensor] = {}
    by_length = sorted(rows, key=lambda row: len(frozen.token_ids[row]))
    for part in (by_length[first : first + 8] for first in range(0, len(rows), 8)):
        ids = [torch.tensor([CLS, *frozen.token_ids[row], SEP]) for row in part]
        mask = pad_sequence([torch.ones_like(each) for each in ids], batch_first=True)
        with torch.autocast("cpu", torch.bfloat16):
            output = model(input_ids=pad_sequence(ids, batch_first=True), attention_mask=mask).last_hidden_state
        hidden |= {row: output[place, : len(ids[place])].float() for place, row in enumerate(part)}
    pooled = normalize(torch.stack([hidden[row].mean(0) for row in rows]), dim=-1)
    tokens = pad_sequence([normalize(hidden[row][1:-1], dim=-1) for row in rows], batch_first=True)
    was = pad_sequence([torch.from_numpy(frozen.tokens[row]) for row in rows], batch_first=True)
    words = was.any(-1)
    drift = 2 - (pooled * torch.from_numpy(frozen.pooled[rows])).sum(-1).mean() - (tokens * was).sum(-1)[words].mean()
    return pooled, tokens, words, drift


def train(pairs: dict[str, Pairs]) -> dict[str, Tensor]:
    torch.manual_seed(0)
    rng = random.Random(0)  # noqa: S311
    # Eager attention is faster under bfloat16 on a CPU; dropout is off. Low rank: LoRA, arXiv:2106.09685.
    model = BertModel.from_pretrained(packaged_model(), attn_implementation="eager").requires_grad_(False)
    for layer in [each for each in model.encoder.modules() if isinstance(each, nn.Linear)]:
        layer.a = nn.Parameter(torch.randn(RANK, layer.in_features) / layer.in_features**0.5)
        layer.b = nn.Parameter(torch.zeros(layer.out_features, RANK))
        layer.register_forward_hook(lambda layer, x, output: output + linear(linear(x[0], layer.a), layer.b))
    changes = {name: each for name, each in model.named_parameters() if each.requires_grad}
    optimiser = torch.optim.AdamW(changes.values(), lr=RATE, weight_decay=0.0)
    for step, name in enumerate(rng.choices(list(pairs), [SHARES[name] for name in pairs], k=STEPS)):
        optimiser.param_groups[0]["lr"] = RATE * min((step + 1) / (0.1 * STEPS), (STEPS - step) / (0.9 * STEPS))
        optimiser.zero_grad()
        pairs[name].loss(model, *pairs[name].batch(rng)).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(changes.values(), 1.0)
        optimiser.step()
    return {name: each.detach().half() for name, each in changes.items()}


def bank(encoder: Encoder) -> Iterator[Passage]:
    """Chunks with the questions whose quote they hold; a card's own questions go to its first chunk."""
    rows = _rows(DATA / "training" / "questions.jsonl")
    for path in sorted((DATA / "corpus").rglob("*.md")):
        (document,) = load(path, path.name, IngestSettings())
        card = f"{path.parent.name}/{path.stem}"
        places = {row["question"]: document.text.index(row["quote"]) for row in rows if row["card"] == card}
        places |= {question: 0 for question in (document.title, *document.tags["aliases"]) if question not in places}
        for chunk in split(document, encoder.count_tokens, encoder.max_tokens):
            yield chunk.encoded, card, [question for question, at in places.items() if chunk.start <= at < chunk.end]


def public(folder: Path) -> dict[str, list[Passage]]:
    """Questions and answers of interview repositories; claims, with what supports them, of SciFact's training split
    and of the attribution pairs."""
    asked, claims = defaultdict[str, set[str]](set), defaultdict[str, list[str]](list)
    for row in _rows(folder / "interview" / "pairs.jsonl"):
        known = any(name in row["source"] for name in REPOSITORIES)
        if known and len(row["answer"].split()) >= 5 and "Standard interview answer evaluating" not in row["answer"]:
            asked[row["answer"].replace("💡 Show Answer", "").strip()].add(row["question"])
    said = {row["_id"]: row["text"] for row in _rows(folder / "scifact" / "queries.jsonl")}
    for claim, abstract, _ in map(str.split, (folder / "scifact" / "qrels" / "train.tsv").open().readlines()[1:]):
        claims[abstract].append(said[claim])
    interview = [(answer, answer, sorted(own)) for answer, own in asked.items()]
    abstracts = (row for row in _rows(folder / "scifact" / "corpus.jsonl") if row["_id"] in claims)
    scifact = [(f"{row['title']}\n{row['text']}", row["_id"], claims[row["_id"]]) for row in abstracts]
    return {"interview": interview, "scifact": scifact, "attribution": list(_supported(folder))}


def _supported(folder: Path) -> Iterator[Passage]:
    """Passages with the statements that they support, and the questions which those answer."""
    said = defaultdict[str, set[str]](set)
    for row in (row for path in sorted((folder / "attribution").glob("*.jsonl")) for row in _rows(path)):
        if row["label"]:
            said[plain(row["context"])] |= {plain(row[key]) for key in ("question", "statement") if row.get(key)}
    for context, own in said.items():
        yield context[:LONGEST], context, sorted(own)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, help="folder with interview/pairs.jsonl, scifact/ and attribution/")
    folder = parser.parse_args().public
    encoder = Encoder(EncoderSettings(adapted=False))
    sources = {"bank": list(bank(encoder))} | (public(folder) if folder else {})
    save_file(train({name: Pairs(passages, encoder) for name, passages in sources.items()}), ADAPTER)


if __name__ == "__main__":
    main()
