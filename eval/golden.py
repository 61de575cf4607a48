"""The golden set as it lies in data/golden: questions with what answers them, statements with the verdict they earn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidDataset
from core.settings import DATA

QUESTIONS = DATA / "golden" / "questions.jsonl"
STATEMENTS = DATA / "golden" / "statements.jsonl"
TAGS = ("topic", "kind", "difficulty", "style")


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class GoldSpan(_Line):
    """Words of a card that answer the question; `card` is `topic/slug`."""

    card: str
    quote: str = Field(min_length=1)


class GoldQuestion(_Line):
    """A question, whether the corpus answers it, where, and what an answer has to say."""

    id: str
    split: str
    question: str
    answerable: bool
    cards: list[str] = []
    spans: list[GoldSpan] = []
    key_points: list[str] = []
    reference: str = ""
    absent: str | None = None
    generated: str | None = None
    tags: dict[str, str] = {}


class Statement(_Line):
    """A statement about a passage and whether the passage supports all of it; `change` says how it was made."""

    id: str = ""
    context: str
    statement: str
    label: Literal[0, 1]
    change: str = "unknown"


_Row = TypeVar("_Row", bound=_Line)


def load_questions(path: Path, split: str) -> list[GoldQuestion]:
    """The questions of one split. Raises `InvalidDataset`."""
    rows = _read(path, GoldQuestion)
    chosen = [row for row in rows if row.split == split]
    if not chosen:
        there = ", ".join(sorted({row.split for row in rows})) or "none"
        raise InvalidDataset(f"{path} has no split {split!r}", f"choose with --split; there is {there}")
    return chosen


def load_statements(path: Path) -> list[Statement]:
    """Every labelled pair. Raises `InvalidDataset`."""
    return _read(path, Statement)


def every_nth(questions: Sequence[GoldQuestion], limit: int | None) -> list[GoldQuestion]:
    """At most `limit` questions, spread evenly over the list, so that every kind stays in."""
    if limit is None or limit >= len(questions):
        return list(questions)
    return [questions[position * len(questions) // limit] for position in range(limit)]


def _read(path: Path, model: type[_Row]) -> list[_Row]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDataset(f"{path} cannot be read ({error})", "give the file of the golden set") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append(model.model_validate_json(line))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"])) or "line"
                raise InvalidDataset(f"{path}, line {number}: {where}: {first['msg']}", "see data/README.md") from error
    return rows
