"""Labelled statements out of passages with edits (data/training/counterfactuals.jsonl).

Each edit has a statement that holds before it and one that holds after. A passage is read in versions, some of its
edits made and some not, so that every statement is true of one version and false of another: its wording alone does not
tell which.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.settings import DATA

COUNTERFACTUALS = DATA / "training" / "counterfactuals.jsonl"
MADE = (0.0, 0.15, 0.5, 0.5, 0.85)
"""Shares of a passage's edits that are made in a version."""
RUN = 8
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Version:
    """A passage as it then reads, with statements, whether each holds, and the kind of edit it belongs to."""

    passage: str
    statements: list[tuple[str, bool, str]]


def versions(of_each: int, apart_from: Iterable[str]) -> Iterator[tuple[int, Version]]:
    """So many versions of each passage under its number; passages that share eight words in a row with one of the texts
    named are left out, so that those can measure what is learned here."""
    rng = random.Random(0)  # noqa: S311
    taken = set().union(*map(_runs, apart_from))
    for number, line in enumerate(COUNTERFACTUALS.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        if not taken & _runs(row["passage"]):
            for _ in range(of_each):
                yield number, version(row["passage"], row["units"], rng)


def version(passage: str, edits: list[dict[str, Any]], rng: random.Random) -> Version:
    """The passage with some of its edits made; half the statements that another edit may have touched are left out."""
    share = rng.choice(MADE)
    made: dict[int, tuple[int, int]] = {}
    for number in rng.sample(range(len(edits)), len(edits)):
        span = _span(passage, edits[number])
        if rng.random() < share and not _overlaps(span, made.values()):
            made[number] = span
    statements = []
    for number, edit in enumerate(edits):
        if number not in made and _overlaps(_span(passage, edit), made.values()):
            continue
        touched = set().union(*(_changed(edits[other]) for other in made if other != number))
        for text, label in ((edit["says"], number not in made), (edit["edited"], number in made)):
            holds = label or (text == edit["says"] and edit["change"] == "addition")
            if not touched & _words(text) or rng.random() < 0.5:
                statements.append((text, holds, edit["change"]))
    for number, (start, end) in sorted(made.items(), key=lambda item: -item[1][0]):
        passage = passage[:start] + edits[number]["new"] + passage[end:]
    return Version(passage, statements)


def _span(passage: str, edit: dict[str, Any]) -> tuple[int, int]:
    start = passage.index(edit["old"])
    return start, start + len(edit["old"])


def _overlaps(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _changed(edit: dict[str, Any]) -> set[str]:
    return _words(edit["old"]) ^ _words(edit["new"])


def _words(text: str) -> set[str]:
    return set(_words_in_order(text))


def _runs(text: str) -> set[str]:
    words = _words_in_order(text)
    return {" ".join(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def _words_in_order(text: str) -> list[str]:
    return _WORD.findall(text.lower())
