"""What a generation holds: texts as they were loaded, vectors as they were made."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import HashEncoder, settings_at, write

from core.index import Index
from core.settings import Settings
from ingest.load import load
from ingest.pipeline import ingest

A = "# Alpha\n\nThe first document speaks of regularisation.\n"
B = "# Beta\n\nThe second document speaks of attention.\n"
LONG = "# Long\n\n" + "\n\n".join(
    f"## Question {n}: what is part {n}?\n\n" + f"Word {n} and more. " * 40 for n in range(6)
)


def test_every_document_is_what_was_loaded(tmp_path: Path, opened: Callable[[Settings], Index]) -> None:
    odd = "# Odd\n\n\tIndented\n\n\n\nGaps 🤔 — and 模型.   \n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n"
    docs = write(tmp_path / "docs", a=A, long=LONG, odd=odd)
    settings = settings_at(tmp_path / "index")
    ingest([docs], settings, HashEncoder())
    index = opened(settings)

    for path in docs.iterdir():
        for loaded in load(path, path.name, settings.ingest):
            document, chunks = index.document_with_chunks(loaded.id)
            assert document.text == loaded.text
            assert all(chunk.text == loaded.text[chunk.start : chunk.end] for chunk in chunks)
    assert len(index.chunk_ids) > 10


def test_kept_and_new_chunks_have_their_own_vectors(tmp_path: Path, opened: Callable[[Settings], Index]) -> None:
    docs, settings, encoder = write(tmp_path / "docs", a=A, b=B), settings_at(tmp_path / "index"), HashEncoder()
    ingest([docs], settings, encoder)
    write(docs, b=B.replace("Beta", "Changed"), c="# Third\n\nSomething new.\n")
    ingest([docs], settings, encoder)
    index = opened(settings)

    for row, chunk in enumerate(index.chunks(range(len(index.chunk_ids)))):
        encoding = encoder.encode([chunk.encoded])
        assert index.vectors[row] @ encoding.pooled[0] == pytest.approx(1, abs=1e-5)
        assert len(index.tokens.of(row)) == len(encoding.tokens[0])
        assert index.store.nearest(encoding.pooled[0], 1)[0][0] == chunk.id
