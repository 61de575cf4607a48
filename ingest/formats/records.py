"""Which columns of a record are its question and its answer, and records as Markdown."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.types import Tags
from ingest.fences import fenced
from ingest.raw import Raw, tags

_QUESTIONS = ("question", "questions", "q", "prompt", "query", "problem", "instruction", "front", "title", "heading")
_ANSWERS = (
    "answer", "answers", "a", "response", "reply", "solution", "output", "completion", "back", "explanation", "body",
    "text", "content", "description",
)  # fmt: skip
_LONG = 6_000
_DEEPEST = 6


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a record holds a question and its answer."""
    question, answer = _columns(record)
    return bool(question and answer and question != answer and str(record[question]).strip())


def sections(records: Sequence[Mapping[str, Any]], title: str, labels: Tags) -> Iterator[Raw]:
    """One document with a section per record; a long record is a document of its own."""
    parts: list[str] = []
    for number, record in enumerate(records, 1):
        if not is_record(record):
            parts.append(markdown(record))
            continue
        question, body = _asked(record), _answered(record)
        if len(body) > _LONG:
            yield Raw(
                body, title=question, question=question, tags={**labels, **tags(record)}, inner=f"record-{number}"
            )
        else:
            heading = question if question.endswith("?") else f"Question {number}: {question}"
            parts.append(f"## {heading}\n\n{_nested(body)}")
    if parts:
        yield Raw("\n\n".join(parts), title=title, tags=labels)


def markdown(value: Any, depth: int = 0) -> str:
    """Any value, written so that a person can read it."""
    if isinstance(value, list) and _is_table(value):
        return _table(value)
    if depth >= _DEEPEST and isinstance(value, Mapping | list):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    if isinstance(value, Mapping):
        return "\n\n".join(_member(str(key), item, depth) for key, item in value.items())
    if isinstance(value, list):
        plain = all(not isinstance(item, Mapping | list) for item in value)
        return (
            "\n".join(f"- {item}" for item in value) if plain else "\n\n".join(markdown(item, depth) for item in value)
        )
    return "" if value is None else str(value)


def _member(key: str, item: Any, depth: int) -> str:
    if isinstance(item, Mapping | list) and item:
        return f"{'#' * min(depth + 2, 6)} {key}\n\n{markdown(item, depth + 1)}"
    return f"**{key}:** {markdown(item)}"


def _is_table(rows: list[Any]) -> bool:
    """Rows of the same short cells."""
    if len(rows) < 2 or not all(isinstance(row, Mapping) for row in rows):
        return False
    short = all(
        isinstance(cell, str | int | float | None) and len(str(cell)) <= 80 for row in rows for cell in row.values()
    )
    return short and all(row.keys() == rows[0].keys() for row in rows) and 1 < len(rows[0]) <= 12


def _table(rows: list[Mapping[str, Any]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([row[key] for key in rows[0]] for row in rows)]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    return re.sub(r"\s+", " ", "" if value is None else str(value)).replace("|", "\\|")


def _columns(record: Mapping[str, Any]) -> tuple[str, str]:
    names = {re.sub(r"[^a-z]", "", str(key).lower()): str(key) for key in record if isinstance(key, str)}
    return _first(names, _QUESTIONS), _first(names, _ANSWERS)


def _first(names: Mapping[str, str], wanted: Sequence[str]) -> str:
    exact = next((names[name] for name in wanted if name in names), "")
    return exact or next((key for name, key in names.items() if name.endswith(wanted[0])), "")


def _asked(record: Mapping[str, Any]) -> str:
    return " ".join(str(record[_columns(record)[0]]).split())


def _answered(record: Mapping[str, Any]) -> str:
    """The answer and, below it, what else the record says."""
    question, answer = _columns(record)
    named = set(tags(dict.fromkeys(record, "x")))
    rest = {
        key: item for key, item in record.items() if key not in (question, answer) and item not in (None, "", [], {})
    }
    lines = [f"- **{key}:** {_inline(item)}" for key, item in rest.items() if str(key).lower() not in ("id", *named)]
    return "\n\n".join(part for part in (markdown(record[answer]), "\n".join(lines)) if part)


def _inline(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(map(str, value))
    return (
        " ".join(str(value).split()) if not isinstance(value, Mapping | list) else json.dumps(value, ensure_ascii=False)
    )


def _nested(text: str) -> str:
    """Headings of an answer, put below the heading of its question."""
    lines: list[str] = []
    for line, code in fenced(text.split("\n")):
        heading = None if code else re.match(r"(#{1,6}) ", line)
        lines.append(f"{'#' * min(len(heading.group(1)) + 2, 6)}{line[heading.end() - 1 :]}" if heading else line)
    return "\n".join(lines)
