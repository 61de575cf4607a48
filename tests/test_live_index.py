"""The index as a running service sees it while others write."""

import multiprocessing
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from fakes import HashEncoder, settings_at, write

from core.errors import IndexMismatch, IndexMissing, IndexUnavailable
from core.fingerprint import index_fingerprint
from core.index import Index
from core.live_index import LiveIndex
from core.settings import IndexSettings, Settings
from ingest.pipeline import ingest

A = "# Alpha\n\nThe first document.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_at(tmp_path / "index")
    ingest([write(tmp_path / "docs", a=A)], settings, HashEncoder())
    return settings


@pytest.fixture
def live(settings: Settings) -> Iterator[LiveIndex]:
    made = LiveIndex(settings.index, index_fingerprint(HashEncoder()))
    yield made
    made.close()


def update(settings: Settings, **texts: str) -> None:
    docs = write(settings.index.directory.parent / "docs", **texts)
    ingest([docs], settings, HashEncoder())


def update_elsewhere(settings: Settings, **texts: str) -> None:
    """The same in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=update, args=(settings,), kwargs=texts)
    process.start()
    process.join(60)
    assert process.exitcode == 0


def titles(live: LiveIndex) -> set[str]:
    with live.reading() as index:
        vector = HashEncoder().encode(["document"]).pooled[0]
        found = [id_ for id_, _ in index.store.nearest(vector, len(index.chunk_ids))]
        assert sorted(found) == sorted(index.chunk_ids), "the vector search sees what the catalogue holds"
        return {record.title for record in index.manifest.documents.values()}


def test_the_next_question_sees_what_another_process_ingested(live: LiveIndex, settings: Settings) -> None:
    assert titles(live) == {"Alpha"}

    update_elsewhere(settings, b="# Beta\n\nNew.\n")

    assert titles(live) == {"Alpha", "Beta"}


def test_a_question_keeps_the_generation_it_began_with(live: LiveIndex, settings: Settings) -> None:
    with live.reading() as index:
        update(settings, b="# Beta\n\nNew.\n")
        update(settings, b="# Gamma\n\nNewer.\n")
        assert titles(live) == {"Alpha", "Gamma"}
        assert index.folder.is_dir(), "swept while read"
        assert [index.document(id_).title for id_ in index.manifest.documents] == ["Alpha"]
    update(settings, b="# Delta\n\nNewest.\n")

    assert not index.folder.exists()


def test_readers_side_by_side_never_see_half_an_ingest(live: LiveIndex, settings: Settings) -> None:
    faults: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                assert titles(live) in ({"Alpha"}, {"Alpha", "N0"}, {"Alpha", "N1"}, {"Alpha", "N2"})
        except BaseException as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for n in range(3):
        update(settings, b=f"# N{n}\n\nText {n}.\n")
    stop.set()
    for reader in readers:
        reader.join(30)

    assert faults == []
    assert titles(live) == {"Alpha", "N2"}


class SlowOpening:
    """`Index.open` that waits to be let go on, and fails then if it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fault: Exception | None = None) -> None:
        self.began, self.go, self.times = threading.Event(), threading.Event(), 0
        self._open, self._fault = Index.open, fault
        monkeypatch.setattr(Index, "open", self)

    def __call__(self, settings: IndexSettings) -> Index:
        self.times += 1
        self.began.set()
        assert self.go.wait(30)
        if self._fault:
            raise self._fault
        return self._open(settings)


def test_a_new_generation_is_opened_once_and_holds_up_no_question_under_way(
    live: LiveIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way = ExitStack()
    under_way.enter_context(live.reading())
    update(settings, b="# Beta\n\nNew.\n")
    opening = SlowOpening(monkeypatch)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(titles, live) for _ in range(3)]
        try:
            assert opening.began.wait(10)
            pool.submit(under_way.close).result(10)
        finally:
            opening.go.set()

        assert [each.result() for each in asked] == [{"Alpha", "Beta"}] * 3
    assert opening.times == 1


def test_all_who_wait_for_a_generation_that_cannot_be_opened_are_told_and_the_next_question_tries_again(
    live: LiveIndex, settings: Settings
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, ThreadPoolExecutor(3) as pool:
        opening = SlowOpening(monkeypatch, IndexUnavailable("the server is silent", "start it"))
        asked = [pool.submit(titles, live) for _ in range(3)]
        assert opening.began.wait(10)
        opening.go.set()

        assert [type(each.exception()) for each in asked] == [IndexUnavailable] * 3
    assert titles(live) == {"Alpha"}


def test_an_index_made_anew_in_the_same_place_is_seen(live: LiveIndex, settings: Settings) -> None:
    assert titles(live) == {"Alpha"}
    shutil.rmtree(settings.index.directory)
    update_elsewhere(settings, a="# Anew\n\nAnother document.\n")

    assert titles(live) == {"Anew"}


def test_an_index_made_anew_by_the_service_itself_is_seen(live: LiveIndex, settings: Settings) -> None:
    assert titles(live) == {"Alpha"}
    shutil.rmtree(settings.index.directory)
    update(settings, a="# Anew\n\nAnother document.\n")

    assert titles(live) == {"Anew"}


def test_an_index_that_goes_away_is_missing_and_may_come_back(live: LiveIndex, settings: Settings) -> None:
    assert titles(live) == {"Alpha"}
    shutil.rmtree(settings.index.directory)
    with pytest.raises(IndexMissing, match="prep ingest"):
        titles(live)

    update(settings)
    assert titles(live) == {"Alpha"}


def test_an_index_of_another_encoder_is_refused(settings: Settings) -> None:
    live = LiveIndex(settings.index, index_fingerprint(HashEncoder("another")))

    with pytest.raises(IndexMismatch, match="--rebuild"):
        titles(live)


@pytest.mark.parametrize(
    "part",
    [
        "manifest.json",
        "rows.json",
        "texts.jsonl",
        "text_offsets.npy",
        "vectors.npy",
        "tokens.u8",
        "terms.json",
        "weights.npy",
    ],
)
@pytest.mark.parametrize("fault", [pytest.param("lost", id="lost"), pytest.param("cut", id="cut short")])
def test_a_damaged_part_is_an_unavailable_index_with_advice(
    part: str, fault: str, live: LiveIndex, settings: Settings
) -> None:
    path = next((settings.index.directory / "generations").iterdir()) / part
    if fault == "lost":
        path.unlink()
    else:
        path.write_bytes(b"")

    with pytest.raises(IndexUnavailable, match="ingest again"):
        titles(live)
