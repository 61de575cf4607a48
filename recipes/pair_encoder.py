"""The pair encoder's adapter: `python -m recipes.pair_encoder PAIRS`, PAIRS made by `recipes.pairs`.

The packaged encoder reads a passage and, looking at it, questions and statements. Low-rank changes of its linear layers
and two heads learn whether the passage answers the ones and supports the others: two tasks that help each other. The
passage does not look back, so it is read once for all that is asked of it, which makes learning several times faster.
Needs PyTorch and the encoder's folder only, and uses a GPU where there is one. Writes
data/models/pair_adapter.safetensors.
"""

import argparse
import logging
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pad_sequence
from transformers import BertModel

from recipes.low_rank import CLS, SEP, add_changes, device, trained
from recipes.token_file import TokenFile

LOG = logging.getLogger(__name__)
ADAPTER = Path(__file__).parents[1] / "data" / "models" / "pair_adapter.safetensors"
RANK, STEPS, RATE, HEAD_RATE, DECAY, WARM_UP = 32, 900, 1e-3, 1e-3, 0.01, 0.06
SHARES = {"answers.bank": 0.42, "answers.quoted": 0.05, "answers.interviews": 0.03, "supports.edited": 0.17}
SHARES |= {"supports.framed": 0.16, "supports.own": 0.06, "supports.couples": 0.06, "supports.attribution": 0.05}
"""Of the tokens that are read."""
TASKS = ("answers", "supports")
HOLD, DO_NOT = 5, 7
"""Most questions or statements of a passage that it answers or supports, and that it does not."""
TOKENS, PARTS = 9_000, 6
"""A batch, and the parts in which it is read, of passages of similar length."""
FIRST, SECOND = 96, 240
"""Tokens that are read: of a question or statement its last ones, as a story ends in what it asks; of a passage."""


@dataclass(frozen=True, slots=True)
class Group:
    """A passage with what is asked of it, as token ids, and whether each holds."""

    task: str
    passage: Tensor
    asked: list[Tensor]
    labels: list[float]

    def __len__(self) -> int:
        return len(self.passage) + sum(map(len, self.asked))


class Source:
    """The pairs of one source by passage; those of many questions that hold are drawn more often."""

    def __init__(self, file: TokenFile, name: str) -> None:
        self._file, self._task = file, name.split(".")[0]
        by_passage = defaultdict[int, list[tuple[int, int, float]]](list)
        weights = file.arrays[f"{name}.weights"].tolist()
        for (asked, passage, label), weight in zip(file.arrays[f"{name}.rows"].tolist(), weights, strict=True):
            by_passage[passage].append((asked, label, weight))
        self._passages, self._rows = list(by_passage), list(by_passage.values())
        self._often = [1 + min(HOLD, sum(label for _, label, _ in rows)) for rows in self._rows]

    def group(self, rng: random.Random) -> Group:
        (place,) = rng.choices(range(len(self._rows)), self._often)
        chosen = [*self._some(place, 1, HOLD, rng), *self._some(place, 0, DO_NOT, rng)]
        asked = [_text(self._file.text(number)[-FIRST:]) for number, _ in chosen]
        passage = _text(self._file.text(self._passages[place])[:SECOND])
        return Group(self._task, passage, asked, [float(label) for _, label in chosen])

    def _some(self, place: int, label: int, most: int, rng: random.Random) -> list[tuple[int, int]]:
        """Without replacement, by weight (Efraimidis and Spirakis 2006)."""
        rows = [(number, weight) for number, held, weight in self._rows[place] if held == label]
        rows.sort(key=lambda row: -(rng.random() ** (1 / row[1])))
        return [(number, label) for number, _ in rows[:most]]


def _text(tokens: object) -> Tensor:
    return torch.tensor([CLS, *tokens.tolist(), SEP])  # type: ignore[attr-defined]


def batch(sources: dict[str, Source], read: dict[str, int], rng: random.Random) -> list[Group]:
    """Groups of the sources that are most behind their share of the tokens, sorted by length."""
    groups: list[Group] = []
    while sum(map(len, groups)) < TOKENS:
        name = min(sources, key=lambda name: read[name] / SHARES[name])
        groups.append(sources[name].group(rng))
        read[name] += len(groups[-1])
    return sorted(groups, key=len)


class Reader(nn.Module):
    """The encoder with low-rank changes, and a head for each task."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        model: Any = BertModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False)
        # Without dropout, which on a CPU takes longer than all the rest.
        self.model: BertModel = model.requires_grad_(False).eval()
        self.model.embeddings.token_type_embeddings.requires_grad_(True)
        add_changes(self.model.encoder, RANK)
        self.heads = nn.ModuleDict({task: nn.Linear(3 * self.model.config.hidden_size, 1) for task in TASKS})
        for parameter in self.heads.parameters():
            nn.init.zeros_(parameter)

    def forward(self, groups: list[Group]) -> Tensor:
        """Log-odds of all that is asked, group by group: of its first token, the mean and the highest of its tokens."""
        ids, positions, owner = self._laid_out(groups)
        sees = (owner[:, :, None] == owner[:, None]) | ((owner[:, None] == 0) & (owner[:, :, None] > 0))
        hidden = self.model(
            input_ids=ids, position_ids=positions, token_type_ids=(owner > 0).long(), attention_mask=sees[:, None]
        ).last_hidden_state
        return torch.cat([each for row, group in enumerate(groups) for each in self._judged(group, hidden[row])])

    def _laid_out(self, groups: list[Group]) -> tuple[Tensor, Tensor, Tensor]:
        """Ids, positions within each text, and which text a token belongs to: 0 is the passage, -1 nothing."""
        texts = [[group.passage, *group.asked] for group in groups]
        ids = [torch.cat(of) for of in texts]
        positions = [torch.cat([torch.arange(len(text)) for text in of]) for of in texts]
        owner = [torch.cat([torch.full((len(text),), place) for place, text in enumerate(of)]) for of in texts]
        to = self.model.device
        owned = pad_sequence(owner, batch_first=True, padding_value=-1).to(to)
        return pad_sequence(ids, batch_first=True).to(to), pad_sequence(positions, batch_first=True).to(to), owned

    def _judged(self, group: Group, hidden: Tensor) -> Iterator[Tensor]:
        start = len(group.passage)
        for text in group.asked:
            tokens = hidden[start : start + len(text)]
            yield self.heads[group.task](torch.cat([tokens[0], tokens.mean(0), tokens.amax(0)])).float()
            start += len(text)


def train(reader: Reader, sources: dict[str, Source], steps: int) -> None:
    """Lower the loss of one batch after another; the rate rises at first and then falls to nothing."""
    rng, read = random.Random(0), dict.fromkeys(sources, 0)  # noqa: S311
    changes = [each for each in reader.model.parameters() if each.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": changes, "lr": RATE, "weight_decay": DECAY},
        {"params": [*reader.heads.parameters()]},
    ]
    optimiser = torch.optim.AdamW(groups, lr=HEAD_RATE, weight_decay=0.0, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / (WARM_UP * steps), 1) * max(0.0, 1 - step / steps)
    )
    for step in range(steps):
        whole = batch(sources, read, rng)
        asked, size, lost = sum(len(group.labels) for group in whole), -(-len(whole) // PARTS), 0.0
        optimiser.zero_grad()
        for part in (whole[first : first + size] for first in range(0, len(whole), size)):
            labels = torch.tensor([label for group in part for label in group.labels], device=reader.model.device)
            with torch.autocast(reader.model.device.type, torch.bfloat16):
                log_odds = reader(part)
            loss = binary_cross_entropy_with_logits(log_odds, labels, reduction="sum") / asked
            loss.backward()  # type: ignore[no-untyped-call]
            lost += float(loss.detach())
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 20 == 19:
            LOG.info("step %d of %d: loss %.3f of %d", step + 1, steps, lost, asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path, help="the file that recipes.pairs wrote")
    parser.add_argument("--model", type=Path, help="the encoder's folder; the packaged one when not given")
    parser.add_argument("--out", type=Path, default=ADAPTER, help="where to write the adapter")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    if given.model is None:
        from core.weights import packaged_model

        given.model = packaged_model()
    torch.manual_seed(0)
    file, reader = TokenFile(given.pairs), Reader(given.model).to(device())
    train(reader, {name: Source(file, name) for name in file.names("rows")}, STEPS)
    save_file({name.removeprefix("model."): each for name, each in trained(reader).items()}, given.out)


if __name__ == "__main__":
    main()
