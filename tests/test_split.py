"""Chunks tile their document and fit the encoder, whatever the format and whatever the text."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from core.errors import PrepError
from core.settings import IngestSettings
from core.types import Document
from core.weights import packaged_model
from ingest.load import load
from ingest.split import asked, count_questions, split

Count = Callable[[str], int]
LINES = [
    "# Title", "## What is a lock?", "### Details", "#### More", "Some words, and more. Then a second sentence.",
    "- an item", "  - a nested item", "1. first", "| a | b |", "| - | - |", "| 1 | 2 |", "```python", "```", "x = 1",
    "$$", "e = m c^2", "> quoted", "---", "", "", "", "Q: Why?", "A: So.", "**Is it bold?**", "β₁ = 0.9 — ok", "===",
    "word " * 60, "a" * 300, "Überlänge " * 20, "[a](b) ![c](d) <b>e</b>", "QUESTION 1: X", "=====", "¶", "    code",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(LINES), min_size=1, max_size=40).map("\n".join)


def letters(text: str) -> int:
    """A cheap counter that, as a tokenizer does, counts long words more than once."""
    return sum(1 + len(word) // 8 for word in text.split())


@cache
def packaged() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def wordpieces(text: str) -> int:
    return len(packaged().encode(text, add_special_tokens=False).ids)


def assert_tiles(document: Document, count: Count, limit: int) -> None:
    chunks = split(document, count, limit)
    assert "".join(chunk.text for chunk in chunks) == document.text
    position = 0
    for number, chunk in enumerate(chunks):
        assert (chunk.ordinal, chunk.start, chunk.end) == (number, position, position + len(chunk.text))
        assert chunk.text == document.text[chunk.start : chunk.end]
        assert chunk.text.strip()
        assert count(chunk.context) + count(chunk.text) <= limit
        position = chunk.end


@given(TEXTS)
@settings(deadline=None)
def test_chunks_tile_any_document(text: str) -> None:
    if text.strip():
        assert_tiles(Document("id", "A title", text, ("s",)), letters, 48)


@given(TEXTS, st.text(max_size=80))
@settings(deadline=None, max_examples=60)
def test_chunks_fit_the_packaged_encoder(text: str, odd: str) -> None:
    body = f"{text}\n\n{odd}".strip("\n")
    if body.strip():
        assert_tiles(Document("id", "A title", body, ("s",), question="Why is it so?"), wordpieces, 64)


def _json(text: str) -> str:
    return json.dumps([{"question": line, "answer": text} for line in text.split("\n")[:3] if line] or {"a": text})


def _notebook(text: str) -> str:
    cell = {"cell_type": "markdown", "metadata": {}, "source": text}
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]})


FORMATS: dict[str, Callable[[str], str]] = {
    ".md": str,
    ".txt": str,
    ".html": lambda text: "".join(f"<p>{line}</p><h3>{line[:30]}</h3>" for line in text.split("\n")),
    ".json": _json,
    ".jsonl": lambda text: "\n".join(json.dumps({"q": line, "a": text}) for line in text.split("\n") if line),
    ".csv": lambda text: "question,answer\n" + "\n".join(f'"{line}","{text}"' for line in text.split("\n")[:4] if line),
    ".ipynb": _notebook,
}


@pytest.mark.parametrize("extension", FORMATS)
@given(text=TEXTS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_tile_what_every_format_loads(tmp_path: Path, extension: str, text: str) -> None:
    path = tmp_path / f"x{extension}"
    path.write_text(FORMATS[extension](text), "utf-8")
    try:
        documents = load(path, path.name, IngestSettings())
    except PrepError:
        return
    for document in documents:
        assert_tiles(document, letters, 48)


CARD = """# Locks

Preface.

## What is a mutex?

A lock with one owner.

### Example

Code and words.

## Question 2: Name a cost.

Contention.

## Reading

A book.
"""


def test_a_question_and_its_sub_headings_are_one_unit() -> None:
    document = Document("id", "Locks", CARD.strip(), ("s",))
    chunks = split(document, letters, 200)
    assert [chunk.question for chunk in chunks] == [None, "What is a mutex?", "Name a cost.", None]
    assert count_questions(document) == 2
    assert chunks[1].context == "Locks › What is a mutex?"
    assert chunks[3].heading_path == ("Locks", "Reading")


def test_the_question_of_a_document_is_that_of_all_its_chunks() -> None:
    document = Document("id", "Locks", CARD.strip(), ("s",), question="What are locks?")
    assert {chunk.question for chunk in split(document, letters, 40)} == {"What are locks?"}


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("What is **ACID**?", "What is ACID?"),
        ("Q3: Loss functions", "Loss functions"),
        ("Problem 2. Clean the data", "Clean the data"),
        ("Study plan", None),
        ("Quality", None),
    ],
)
def test_what_a_heading_asks(heading: str, question: str | None) -> None:
    assert asked(heading) == question
