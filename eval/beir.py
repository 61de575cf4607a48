"""Evaluation sets in BEIR's layout (arXiv:2104.08663): `corpus.jsonl`, `queries.jsonl`, `qrels/SPLIT.tsv`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidDataset
from core.types import Document

_LAYOUT = "a folder in BEIR's layout holds corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Queries and grades of one split by query id; only queries with a text and a relevant document are there.

    `left_out` counts the other query ids of the split.
    """

    name: str
    split: str
    documents: list[Document]
    queries: dict[str, str]
    grades: dict[str, dict[str, float]]
    left_out: int


def load_beir(folder: Path, split: str) -> Dataset:
    """Read a folder. Raises `InvalidDataset`, with the line where one is malformed."""
    if not folder.is_dir():
        raise InvalidDataset(f"there is no dataset in {folder}", _LAYOUT)
    judged = _grades(folder, split)
    texts = {str(row["_id"]): str(row["text"]) for _, row in _rows(folder / "queries.jsonl")}
    grades = {id_: row for id_, row in judged.items() if id_ in texts and any(grade > 0 for grade in row.values())}
    if not grades:
        raise InvalidDataset(
            f"no query of {folder / 'queries.jsonl'} has a relevant document in split {split!r}", "check the query ids"
        )
    return Dataset(
        name=folder.resolve().name,
        split=split,
        documents=_documents(folder / "corpus.jsonl"),
        queries={id_: texts[id_] for id_ in grades},
        grades=grades,
        left_out=len(judged) - len(grades),
    )


def _documents(path: Path) -> list[Document]:
    documents: dict[str, Document] = {}
    for number, row in _rows(path):
        id_ = str(row["_id"])
        if id_ in documents:
            raise InvalidDataset(f"{path}, line {number}: the id {id_!r} is there twice", "ids name one document each")
        documents[id_] = Document(id_, str(row.get("title") or ""), str(row["text"]), (f"{path.name}:{number}",))
    if not documents:
        raise InvalidDataset(f"{path} holds no documents", _LAYOUT)
    return list(documents.values())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers and objects with `_id` and `text`."""
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InvalidDataset(f"{path}, line {number} is not JSON ({error})", _LAYOUT) from error
        if not isinstance(row, dict) or row.get("_id") in (None, "") or not isinstance(row.get("text"), str):
            raise InvalidDataset(f'{path}, line {number} is no object with "_id" and "text"', _LAYOUT)
        yield number, row


def _grades(folder: Path, split: str) -> dict[str, dict[str, float]]:
    """Grade by document id by query id, from `query-id <tab> corpus-id <tab> score` below a header."""
    path = folder / "qrels" / f"{split}.tsv"
    if not path.is_file():
        there = ", ".join(sorted(found.stem for found in path.parent.glob("*.tsv"))) or "none"
        raise InvalidDataset(f"{folder} has no split {split!r}", f"choose with --split; there is {there}")
    grades: dict[str, dict[str, float]] = {}
    for number, line in _lines(path):
        fields = [field.strip() for field in line.split("\t")]
        try:
            query, document, score = fields
            grades.setdefault(query, {})[document] = float(score)
        except ValueError as error:
            if number == 1 and len(fields) == 3:
                grades.clear()
                continue
            raise InvalidDataset(
                f"{path}, line {number} is not query-id, corpus-id, score between tabs", _LAYOUT
            ) from error
    return grades


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not blank."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDataset(f"{path} cannot be read ({error})", _LAYOUT) from error
