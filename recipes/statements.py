"""Labelled statements about passages: those of data/training, and public ones."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.settings import DATA
from recipes.counterfactuals import versions

STATEMENTS = DATA / "training" / "statements.jsonl"
CONTRASTS, COUPLES = DATA / "training" / "contrasts.jsonl", DATA / "training" / "couples.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """A pair with its label; pairs of one group never stand on both sides of a split."""

    context: str
    statement: str
    label: int
    kind: str
    group: str
    source: str


def own_rows() -> Iterator[Row]:
    """The statements written for the cards."""
    for line in STATEMENTS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for statement in row["true"]:
            yield Row(row["context"], statement, 1, "true", row["card"], "own")
        for kind, statement in row["false"]:
            yield Row(row["context"], statement, 0, kind, row["card"], "own")


def edited_rows(of_each: int) -> Iterator[Row]:
    """Statements about so many versions of each edited passage, none of them a passage of the contrasts."""
    for number, version in versions(of_each, {row.context for row in contrast_rows()}):
        for statement, holds, change in version.statements:
            yield Row(version.passage, statement, int(holds), "true" if holds else change, str(number), "edited")


def contrast_rows() -> Iterator[Row]:
    """Couples of a true rewording and the smallest change that makes it false; kept out of all training."""
    return _couples(CONTRASTS)


def couple_rows() -> Iterator[Row]:
    """The same by other authors, to learn from."""
    return _couples(COUPLES)


def _couples(path: Path) -> Iterator[Row]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for couple in row["couples"]:
            yield Row(row["context"], couple["true"], 1, "true", row["card"], path.stem)
            yield Row(row["context"], couple["false"], 0, couple["kind"], row["card"], path.stem)


def public_rows(folder: Path) -> Iterator[Row]:
    """The pairs of every file of a folder, without reference marks and the treebank's brackets and quotes."""
    for path in sorted((folder / "attribution").glob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            context, statement = plain(row["context"]), plain(row["statement"])
            kind = "true" if row["label"] else "other"
            yield Row(context, statement, int(row["label"]), kind, row["context"], path.stem)


def plain(text: str) -> str:
    """Without reference marks, field labels and the treebank's brackets and quotes."""
    text = re.sub(r"\[\d+\](?:\s*https?://\S+)?|\b(?:Title|Section):", "", text)
    for mark, to in (("-LRB-", "("), ("-RRB-", ")"), ("``", '"'), ("''", '"')):
        text = text.replace(mark, to)
    return " ".join(text.split())
