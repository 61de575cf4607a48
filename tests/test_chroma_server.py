"""The same index on a Chroma server."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from fakes import HashEncoder, free_port, settings_at, write

from core import chunk_store
from core.chunk_store import ChunkStore
from core.errors import IndexUnavailable
from core.generations import Generations
from core.index import Index
from core.settings import Settings
from ingest.pipeline import ingest, remove
from service import retrieval
from service.bootstrap import build_pipeline
from service.pipeline import Pipeline, Request

A = "# Alpha\n\n## Question 1: What is dropout?\n\nDropout sets random activations to zero.\n"
B = "# Beta\n\n## Question 1: What is momentum?\n\nMomentum averages past gradients.\n"


def started(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A Chroma server that answers, and its address."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    return process, f"http://127.0.0.1:{port}"


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, url = started(tmp_path_factory.mktemp("chroma"))
    yield url
    stop(process)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server that a test may break."""
    process, url = started(tmp_path / "chroma")
    yield process, url
    stop(process)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", a=A, b=B)


@pytest.fixture
def asking() -> Iterator[Callable[[Settings], Pipeline]]:
    made: list[Pipeline] = []

    def ask(settings: Settings) -> Pipeline:
        made.append(build_pipeline(settings, HashEncoder()))
        return made[-1]

    yield ask
    for pipeline in made:
        pipeline.live.close()


def collections(url: str) -> set[str]:
    path = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    return {collection["name"] for collection in httpx.get(url + path, trust_env=False).raise_for_status().json()}


def titles(pipeline: Pipeline) -> set[str]:
    return {passage.title for passage in pipeline.search(Request("What is dropout or momentum?"), 10)}


def current(settings: Settings) -> Index:
    index = Index.open(settings.index)
    index.close()
    return index


def test_a_server_serves_ingest_question_update_removal_and_sweep(
    url: str, docs: Path, tmp_path: Path, asking: Callable[[Settings], Pipeline]
) -> None:
    before = collections(url)
    settings = settings_at(tmp_path / "index", index={"chroma_url": url})
    ingest([docs], settings, HashEncoder())
    pipeline = asking(settings)

    answer = pipeline.answer(Request("What is dropout?"))
    assert answer.citations[0].quote in A
    assert titles(pipeline) == {"Alpha", "Beta"}

    write(docs, b=B.replace("Beta", "Gamma"))
    ingest([docs], settings, HashEncoder())
    assert titles(pipeline) == {"Alpha", "Gamma"}

    index = current(settings)
    remove([id_ for id_, record in index.manifest.documents.items() if record.title == "Gamma"], settings)
    assert titles(pipeline) == {"Alpha"}

    ingest([docs], settings, HashEncoder())
    assert collections(url) - before == {current(settings).manifest.collection}, "old collections are swept"


def test_two_indexes_share_a_server(
    url: str, docs: Path, tmp_path: Path, asking: Callable[[Settings], Pipeline]
) -> None:
    one, two = (settings_at(tmp_path / name, index={"chroma_url": url}) for name in ("one", "two"))
    ingest([docs / "a.md"], one, HashEncoder())
    ingest([docs / "b.md"], two, HashEncoder())

    assert titles(asking(one)) == {"Alpha"}
    assert titles(asking(two)) == {"Beta"}


@pytest.mark.parametrize("changed", [pytest.param(True, id="with a change"), pytest.param(False, id="as it is")])
def test_an_embedded_index_moves_to_a_server_and_back_with_the_next_ingest(
    changed: bool, url: str, docs: Path, tmp_path: Path, asking: Callable[[Settings], Pipeline]
) -> None:
    embedded = settings_at(tmp_path / "index")
    served = settings_at(tmp_path / "index", index={"chroma_url": url})
    ingest([docs], embedded, HashEncoder())
    assert titles(asking(served)) == {"Alpha", "Beta"}, "until then it answers from where it is"

    for settings, title in ((served, "Moved"), (embedded, "Returned")):
        if changed:
            write(docs, b=B.replace("Beta", title))
        encoder = HashEncoder()
        ingest([docs], settings, encoder)
        assert encoder.encoded == changed, "what is known is not encoded again"
        assert (current(settings).manifest.chroma_url is None) == (settings is embedded)
        assert titles(asking(settings)) == {"Alpha", title if changed else "Beta"}


def test_a_stopped_server_leaves_small_open_indexes_answering_and_is_a_fault_with_advice_for_the_rest(
    own: tuple[subprocess.Popen[bytes], str],
    docs: Path,
    tmp_path: Path,
    asking: Callable[[Settings], Pipeline],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, url = own
    settings = settings_at(tmp_path / "index", index={"chroma_url": url})
    ingest([docs], settings, HashEncoder())
    running, fresh = asking(settings), asking(settings)
    assert titles(running) == {"Alpha", "Beta"}
    stop(process)

    assert titles(running) == {"Alpha", "Beta"}
    with pytest.raises(IndexUnavailable, match="PREP_INDEX__CHROMA_URL"):
        fresh.answer(Request("What is dropout?"))
    monkeypatch.setattr(retrieval, "EXACT_SEARCH", 0)
    with pytest.raises(IndexUnavailable, match="PREP_INDEX__CHROMA_URL"):
        running.answer(Request("What is dropout?"))
    write(docs, c="# New\n\nSomething.\n")
    with pytest.raises(IndexUnavailable, match="PREP_INDEX__CHROMA_URL"):
        ingest([docs], settings, HashEncoder())


def test_a_server_that_hangs_is_a_fault_with_advice(
    own: tuple[subprocess.Popen[bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, url = own
    monkeypatch.setattr(chunk_store, "_PATIENCE", httpx.Timeout(2))
    with closing(ChunkStore.open(tmp_path, url, "small", create=True)) as store:
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(IndexUnavailable, match="PREP_INDEX__CHROMA_URL"):
                store.count()
            with pytest.raises(IndexUnavailable, match="PREP_INDEX__CHROMA_URL"):
                ChunkStore.open(tmp_path, url, "small")
        finally:
            process.send_signal(signal.SIGCONT)


def test_a_server_that_lost_its_data_is_an_unavailable_index(
    own: tuple[subprocess.Popen[bytes], str], docs: Path, tmp_path: Path, asking: Callable[[Settings], Pipeline]
) -> None:
    _, url = own
    settings = settings_at(tmp_path / "index", index={"chroma_url": url})
    ingest([docs], settings, HashEncoder())
    index = current(settings)
    ChunkStore.drop(url, index.manifest.collection)

    with pytest.raises(IndexUnavailable, match="does not exist"):
        asking(settings).answer(Request("What is dropout?"))


def test_the_collection_that_a_killed_ingest_left_is_swept(url: str, docs: Path, tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "index", index={"chroma_url": url})
    ingest([docs], settings, HashEncoder())
    generations = Generations(settings.index.directory)
    number, folder = generations.create()
    ChunkStore.open(folder / "chroma", url, generations.collection(number), create=True).close()
    assert generations.collection(number) in collections(url)

    ingest([docs], settings, HashEncoder())

    assert generations.collection(number) not in collections(url)


def test_an_index_that_left_a_server_leaves_nothing_there(url: str, docs: Path, tmp_path: Path) -> None:
    before = collections(url)
    ingest([docs], settings_at(tmp_path / "index", index={"chroma_url": url}), HashEncoder())
    for _ in range(2):
        ingest([docs], settings_at(tmp_path / "index"), HashEncoder())

    assert collections(url) == before
