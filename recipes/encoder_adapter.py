"""The encoder's adapter: `python -m recipes.encoder_adapter PAIRS`, PAIRS made by `recipes.retrieval_pairs`.

Low-rank changes of the encoder's linear layers bring a question as people type it near the passage that answers it, by
pooled vector and by late interaction, while all vectors stay near those of the published weights. Needs PyTorch and the
encoder's folder only, and uses a GPU where there is one. Writes data/models/encoder_adapter.safetensors.
"""

import argparse
import logging
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transformers import BertModel

from recipes.low_rank import CLS, SEP, add_changes, device, trained
from recipes.token_file import TokenFile

ADAPTER = Path(__file__).parents[1] / "data" / "models" / "encoder_adapter.safetensors"
LOG = logging.getLogger(__name__)
RANK, STEPS, RATE, CLOSENESS = 16, 400, 1e-3, 2.0
SHARES = {"bank": 0.3, "interview": 0.3, "scifact": 0.2, "attribution": 0.2}
# Questions that open a batch; each brings one of the passages nearest to it; most questions that a passage asks.
SEEDS, NEAREST, SIBLINGS = 48, 24, 2
WINDOW = 254  # tokens of a passage, as the encoder reads it
POOLED_TEMPERATURE, TOKEN_TEMPERATURE = 0.05, 0.03


@dataclass(frozen=True, slots=True)
class Read:
    """Texts as they are encoded: unit vectors, pooled `(n, dim)` and of tokens `(n, length, dim)`, and their mask."""

    pooled: Tensor
    tokens: Tensor
    words: Tensor

    def drift(self, was: "Read") -> Tensor:
        """Mean distance from other vectors of the same texts, pooled and of tokens."""
        pooled = (self.pooled * was.pooled).sum(-1).mean()
        return 2 - pooled - (self.tokens * was.tokens).sum(-1)[self.words].mean()


def read(model: BertModel, texts: list[Tensor]) -> Read:
    """Encode texts that are given as token ids."""
    ids = nn.utils.rnn.pad_sequence(texts, batch_first=True).to(model.device)
    mask = ids != 0
    with torch.autocast(model.device.type, torch.bfloat16):
        hidden = model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    hidden = hidden.float()
    mean = hidden.masked_fill(~mask[..., None], 0).sum(1) / mask.sum(1, keepdim=True)
    words = mask & (ids != CLS) & (ids != SEP)
    return Read(normalize(mean, dim=-1), normalize(hidden, dim=-1) * words[..., None], words)


class Pairs:
    """Passages and their questions; hands out batches, each question once before any again."""

    def __init__(self, file: TokenFile, source: str, frozen: BertModel) -> None:
        passages, questions = file.arrays[f"{source}.passages"].tolist(), file.arrays[f"{source}.questions"].tolist()
        self.groups, self.answer = [group for _, group in passages], [row for _, row in questions]
        self.passages = [_ids(file, text) for text, _ in passages]
        self.questions = [_ids(file, text) for text, _ in questions]
        self.asked: dict[int, list[int]] = {}
        for question, row in enumerate(self.answer):
            self.asked.setdefault(row, []).append(question)
        cosines = _pooled(frozen, self.questions) @ _pooled(frozen, self.passages).T
        self.near = cosines.topk(NEAREST).indices.tolist()
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
            others = [each for each in self.asked.get(row, []) if each not in own]
            own += rng.sample(others, min(len(others), max(0, SIBLINGS - len(own))))
        return [question for own in chosen.values() for question in own], list(chosen)

    def loss(self, model: BertModel, frozen: BertModel, questions: list[int], passages: list[int]) -> Tensor:
        """Contrast of each question's passage with the others, pooled and by late interaction; closeness."""
        texts = [self.questions[row] for row in questions], [self.passages[row] for row in passages]
        asked, found = (read(model, each) for each in texts)
        with torch.no_grad():
            before = [read(frozen, each) for each in texts]
        target = torch.tensor([passages.index(self.answer[question]) for question in questions], device=model.device)
        groups = torch.tensor([self.groups[row] for row in passages], device=model.device)
        same = groups[target][:, None] == groups
        banned = same.scatter(1, target[:, None], False)
        scores = [asked.pooled @ found.pooled.T / POOLED_TEMPERATURE, _late(asked, found) / TOKEN_TEMPERATURE]
        contrast = torch.stack([cross_entropy(each.masked_fill(banned, -1e4), target) for each in scores]).sum()
        return contrast + CLOSENESS * (asked.drift(before[0]) + found.drift(before[1]))


def _ids(file: TokenFile, text: int) -> Tensor:
    return torch.tensor([CLS, *file.text(text)[:WINDOW].tolist(), SEP])


@torch.no_grad()
def _pooled(model: BertModel, texts: list[Tensor]) -> Tensor:
    return torch.cat([read(model, texts[first : first + 64]).pooled for first in range(0, len(texts), 64)])


def _late(asked: Read, found: Read) -> Tensor:
    """The mean over each question's tokens of the best cosine in each passage `(questions, passages)`."""
    cosines = torch.einsum("qid,pjd->qpij", asked.tokens.bfloat16(), found.tokens.bfloat16())
    best = cosines.masked_fill(~found.words[None, :, None], -1.0).amax(-1).float() * asked.words[:, None]
    return best.sum(-1) / asked.words.sum(-1)[:, None]


def train(file: TokenFile, folder: Path) -> dict[str, Tensor]:
    """The low-rank changes by the names of their layers."""
    torch.manual_seed(0)
    rng = random.Random(0)  # noqa: S311
    frozen, model = (_encoder(folder) for _ in range(2))
    add_changes(model.encoder, RANK)
    pairs = {source: Pairs(file, source, frozen) for source in file.names("passages")}
    changes = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(changes, lr=RATE, weight_decay=0.0)
    for step, name in enumerate(rng.choices(list(pairs), [SHARES[name] for name in pairs], k=STEPS)):
        optimiser.param_groups[0]["lr"] = RATE * min((step + 1) / (0.1 * STEPS), (STEPS - step) / (0.9 * STEPS))
        optimiser.zero_grad()
        loss = pairs[name].loss(model, frozen, *pairs[name].batch(rng))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(changes, 1.0)
        optimiser.step()
        if step % 20 == 19:
            LOG.info("step %d of %d, %s: loss %.3f", step + 1, STEPS, name, float(loss.detach()))
    return trained(model)


def _encoder(folder: Path) -> BertModel:
    """The published encoder, its dropout off."""
    model: Any = BertModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False)
    return cast(BertModel, model.eval().requires_grad_(False).to(device()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path, help="the file that recipes.retrieval_pairs wrote")
    parser.add_argument("--model", type=Path, help="the encoder's folder; the packaged one when not given")
    parser.add_argument("--out", type=Path, default=ADAPTER, help="where to write the adapter")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    if given.model is None:
        from core.weights import packaged_model

        given.model = packaged_model()
    save_file(train(TokenFile(given.pairs), given.model), given.out)


if __name__ == "__main__":
    main()
