"""What an ingest does to an index, run by run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import HashEncoder, settings_at, write

from core import fingerprint
from core.errors import DocumentNotFound, IndexBusy, IndexMismatch, IndexMissing
from core.generations import Generations
from core.health import health
from core.index import Index
from core.settings import Settings
from ingest.outcome import IngestReport
from ingest.pipeline import ingest, remove

A = "# Alpha\n\nThe first document speaks of regularisation.\n"
B = "# Beta\n\nThe second document speaks of attention.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "index")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", a=A, b=B)


@pytest.fixture
def run(settings: Settings, fake_encoder: HashEncoder) -> Callable[..., IngestReport]:
    return lambda *paths, **options: ingest(paths, settings, fake_encoder, **options)


def held(settings: Settings) -> dict[str, list[str]]:
    """Titles with their sources; every document's text is put together again on the way."""
    index = Index.open(settings.index)
    try:
        assert index.store.count() == len(index.chunk_ids) == len(index.vectors) == len(index.tokens.offsets) - 1
        assert all(index.document(id_).text for id_ in index.manifest.documents)
        return {record.title: record.sources for record in index.manifest.documents.values()}
    finally:
        index.close()


def id_of(settings: Settings, title: str) -> str:
    index = Index.open(settings.index)
    index.close()
    return next(id_ for id_, record in index.manifest.documents.items() if record.title == title)


def test_unchanged_files_cost_nothing(run: Callable[..., IngestReport], docs: Path, settings: Settings) -> None:
    first = run(docs)
    generation = Generations(settings.index.directory).current()

    again = run(docs)

    assert (first.read, first.encoded, first.documents) == (2, 2, 2)
    assert (again.read, again.encoded, again.unchanged, again.documents) == (0, 0, 2, 2)
    assert Generations(settings.index.directory).current() == generation, "no new generation was needed"


def test_a_changed_file_replaces_what_it_held(run: Callable[..., IngestReport], docs: Path, settings: Settings) -> None:
    run(docs)
    write(docs, b="# Gamma\n\nIt speaks of something else.\n")

    report = run(docs)

    assert (report.read, report.encoded, report.unchanged) == (1, 1, 1)
    assert set(held(settings)) == {"Alpha", "Gamma"}


def test_a_vanished_file_leaves_the_index(run: Callable[..., IngestReport], docs: Path, settings: Settings) -> None:
    run(docs)
    (docs / "a.md").unlink()

    report = run(docs)

    assert (report.removed, report.encoded) == (1, 0)
    assert set(held(settings)) == {"Beta"}


def test_files_beside_the_folder_named_stay(
    run: Callable[..., IngestReport], docs: Path, tmp_path: Path, settings: Settings
) -> None:
    other = write(tmp_path / "docs-other", c="# Other\n\nElsewhere.\n")
    run(docs, other)
    (other / "c.md").unlink()

    assert run(docs).removed == 0
    assert "Other" in held(settings)


def test_a_folder_may_lose_all_its_files(run: Callable[..., IngestReport], docs: Path, settings: Settings) -> None:
    run(docs)
    for path in docs.iterdir():
        path.unlink()

    assert run(docs).documents == 0
    assert held(settings) == {}
    write(docs, a=A)
    assert run(docs).documents == 1


def test_one_text_under_two_names_is_one_document_with_both_sources(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    write(docs, copy=A)

    assert run(docs).documents == 2
    assert held(settings)["Alpha"] == ["docs/a.md", "docs/copy.md"]
    (docs / "a.md").unlink()
    assert run(docs).encoded == 0
    assert held(settings)["Alpha"] == ["docs/copy.md"]


def test_a_changed_file_that_cannot_be_read_keeps_its_old_text(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    run(docs)
    write(docs, a="   \n")

    report = run(docs)

    assert [problem.source for problem in report.problems] == ["docs/a.md"]
    assert [source.source for source in report.sources] == [], "nothing was read, so nothing was given"
    assert report.problems[0].advice
    assert set(held(settings)) == {"Alpha", "Beta"}
    write(docs, a=A.replace("Alpha", "Better"))
    assert not run(docs).problems
    assert set(held(settings)) == {"Better", "Beta"}


def test_a_removed_document_stays_out_until_its_file_changes(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    run(docs)
    remove([id_of(settings, "Alpha")], settings)

    assert run(docs).documents == 1
    assert set(held(settings)) == {"Beta"}
    assert (docs / "a.md").exists(), "only uploads are deleted"
    write(docs, a=A + "\nOne more line.\n")
    assert run(docs).documents == 2


def test_removing_an_unknown_document_removes_nothing(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    run(docs)

    with pytest.raises(DocumentNotFound, match="prep documents"):
        remove([id_of(settings, "Alpha"), "nobody"], settings)

    assert set(held(settings)) == {"Alpha", "Beta"}


def test_a_rebuild_of_nothing_says_so(run: Callable[..., IngestReport], settings: Settings) -> None:
    with pytest.raises(IndexMissing, match="prep ingest PATH"):
        run(rebuild=True)

    assert Generations(settings.index.directory).current() is None


def test_removing_without_an_index_says_so(settings: Settings) -> None:
    with pytest.raises(IndexMissing, match="prep ingest"):
        remove(["x"], settings)


def raise_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "SPLITTER_VERSION", fingerprint.SPLITTER_VERSION + 1)


def test_an_index_of_another_splitter_is_rebuilt_on_request_only(
    run: Callable[..., IngestReport], docs: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(docs)
    raise_version(monkeypatch)

    with pytest.raises(IndexMismatch, match="--rebuild"):
        run(docs)

    assert run(rebuild=True).encoded == 2
    assert held(settings) == {"Alpha": ["docs/a.md"], "Beta": ["docs/b.md"]}


def test_a_rebuild_salvages_the_text_of_a_file_that_is_gone(
    run: Callable[..., IngestReport], docs: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(docs)
    (docs / "a.md").unlink()
    raise_version(monkeypatch)

    report = run(rebuild=True)

    assert (report.read, report.encoded) == (1, 2)
    assert held(settings) == {"Alpha": ["docs/a.md"], "Beta": ["docs/b.md"]}


def make_older(settings: Settings) -> None:
    """Turn an index into one of the layout before there were texts beside the vectors."""
    folder = next((settings.index.directory / "generations").iterdir())
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["layout"]
    (folder / "manifest.json").write_text(json.dumps(manifest | {"fingerprint": "older"}))
    for path in folder.glob("text*"):
        path.unlink()


def test_an_index_of_an_older_layout_is_rebuilt_on_request_only(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    run(docs)
    make_older(settings)
    (docs / "a.md").unlink()

    with pytest.raises(IndexMismatch, match=r"layout.*--rebuild"):
        run(docs)
    assert "--rebuild" in health(settings).problems[0]

    assert run(rebuild=True).encoded == 2
    assert held(settings) == {"Alpha": ["docs/a.md"], "Beta": ["docs/b.md"]}


def test_documents_leave_an_index_of_an_older_layout(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    run(docs)
    make_older(settings)

    remove([id_of(settings, "Alpha")], settings)

    assert set(held(settings)) == {"Beta"}


def test_a_new_layout_is_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint.index_fingerprint(HashEncoder())
    monkeypatch.setattr(fingerprint, "LAYOUT_VERSION", fingerprint.LAYOUT_VERSION + 1)

    assert fingerprint.index_fingerprint(HashEncoder()) != before


def test_a_removed_document_stays_out_of_a_rebuilt_index(
    run: Callable[..., IngestReport], docs: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(docs)
    remove([id_of(settings, "Alpha")], settings)
    raise_version(monkeypatch)

    assert run(rebuild=True).documents == 1
    assert set(held(settings)) == {"Beta"}


def test_only_one_ingest_writes_at_a_time(run: Callable[..., IngestReport], docs: Path, settings: Settings) -> None:
    with Generations(settings.index.directory).writing(), pytest.raises(IndexBusy, match="try again"):
        run(docs)

    assert run(docs).documents == 2


def test_a_file_that_still_cannot_be_read_costs_nothing(
    run: Callable[..., IngestReport], docs: Path, settings: Settings
) -> None:
    write(docs, c="   \n")
    run(docs)
    generation = Generations(settings.index.directory).current()

    assert len(run(docs).problems) == 1
    assert Generations(settings.index.directory).current() == generation
