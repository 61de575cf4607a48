"""The texts of chunks as questions read them: what was stored, in any order, and faults that say where they are."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import CORPUS, HashEncoder, settings_at, write

from core.chunk_texts import ChunkTexts
from core.errors import IndexUnavailable
from core.health import health
from core.index import Index
from core.settings import Settings
from core.types import Chunk
from ingest.pipeline import ingest, remove

ODD = Chunk(
    "d", 1, 4, 9, 'Gaps 🤔\n\u2028\t"模型"', "Odd › 模型", ("Odd", "模型"), "What is 模型?", ("alias", "другой")
)
PLAIN = Chunk("d", 0, 0, 4, "Text", "Title")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_at(tmp_path / "index")
    ingest([write(tmp_path / "docs", **CORPUS)], settings, HashEncoder())
    return settings


def texts_of(settings: Settings) -> Path:
    return next(settings.index.directory.glob("generations/*/texts.jsonl"))


@pytest.mark.parametrize("rows", [[0, 1], [1, 0], [1], [1, 1], []])
def test_chunks_come_back_as_they_were_in_the_order_asked(rows: list[int], tmp_path: Path) -> None:
    ChunkTexts.save(tmp_path, [PLAIN, ODD])

    texts = ChunkTexts.load(tmp_path, 2)

    assert texts.of(rows) == [(PLAIN, ODD)[row] for row in rows]
    assert list(texts) == [PLAIN, ODD]


def test_an_index_without_chunks_has_no_texts(tmp_path: Path) -> None:
    ChunkTexts.save(tmp_path, [])

    assert list(ChunkTexts.load(tmp_path, 0)) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_texts_of_other_rows_do_not_load(rows: int, tmp_path: Path) -> None:
    ChunkTexts.save(tmp_path, [PLAIN, ODD])

    with pytest.raises(ValueError, match=f"{rows} chunks"):
        ChunkTexts.load(tmp_path, rows)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        pytest.param(b'"text"', b'"tixt"', id="another field"),
        pytest.param(b'"aliases"', b'"aliasos"', id="a field that is lost"),
        pytest.param(b"}\n", b"\n\n", id="no JSON"),
        pytest.param(b"Title", b"\xff\xfe\xff\xfe\xff", id="no UTF-8"),
    ],
)
def test_a_damaged_line_is_an_unavailable_index_with_its_row(word: bytes, other: bytes, tmp_path: Path) -> None:
    ChunkTexts.save(tmp_path, [ODD, PLAIN])
    path = tmp_path / "texts.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second.replace(word, other))
    texts = ChunkTexts.load(tmp_path, 2)

    assert texts.of([0]) == [ODD]
    with pytest.raises(IndexUnavailable, match=r"row 1 .*ingest again"):
        texts.of([0, 1])


def test_texts_are_those_of_chroma_after_every_change(settings: Settings, opened: Callable[[Settings], Index]) -> None:
    docs = settings.index.directory.parent / "docs"
    write(docs, l1=CORPUS["l1"].replace("constant", "steady"), more="# More\n\nAnother 🤔 document.\n")
    ingest([docs], settings, HashEncoder())
    changed = opened(settings)
    remove(list(changed.manifest.documents)[:2], settings)

    for index in (changed, opened(settings)):
        rows = range(len(index.chunk_ids))
        assert index.chunks(rows) == index.store.get(index.chunk_ids)
        assert index.chunks(rows[::-1]) == index.store.get(index.chunk_ids[::-1])


def test_status_finds_a_damaged_line_that_no_question_has_read(settings: Settings) -> None:
    path = texts_of(settings)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"x" * (len(lines[3]) - 1) + b"\n", *lines[4:]]))

    assert "row 3" in health(settings).problems[0]


def test_status_finds_texts_that_belong_to_other_rows(settings: Settings, opened: Callable[[Settings], Index]) -> None:
    chunks = opened(settings).chunks(range(len(opened(settings).chunk_ids)))
    ChunkTexts.save(texts_of(settings).parent, chunks[::-1])

    assert "out of order" in health(settings).problems[0]
