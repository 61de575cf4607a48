"""An ingest killed anywhere leaves the last index answering, and the next ingest finishes the work."""

import importlib
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest
from fakes import HashEncoder, settings_at, write

from core.index import Index
from core.settings import Settings
from ingest.pipeline import ingest

BEFORE = {"Alpha", "Beta"}
AFTER = {"Alpha", "Changed", "New"}


@pytest.fixture(scope="module")
def forks() -> multiprocessing.context.BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ingest.pipeline"])
    return context


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of documents that changed since they were ingested, and the index of what they were."""
    home = tmp_path_factory.mktemp("killed")
    docs = write(home / "docs", a="# Alpha\n\nStays.\n", b="# Beta\n\nWill change.\n")
    ingest([docs], settings_at(home / "index"), HashEncoder())
    write(docs, b="# Changed\n\nHas changed.\n", c="# New\n\nIs new.\n")
    return home


def killed_ingest(settings: Settings, docs: Path, module: str, name: str, after: bool) -> None:
    """Run in a process of its own: an ingest that ends with SIGKILL where `module.name` is called."""
    owner = importlib.import_module(module)
    *path, last = name.split(".")
    for step in path:
        owner = getattr(owner, step)
    real = getattr(owner, last)

    def fatal(*args: object, **options: object) -> None:
        if after:
            real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, last, fatal)
    ingest([docs], settings, HashEncoder())


def titles(settings: Settings) -> set[str]:
    index = Index.open(settings.index)
    try:
        vector = HashEncoder().encode(["stays"]).pooled[0]
        assert len(index.store.nearest(vector, 10)) == len(index.lexical.scores([])) == len(index.chunk_ids)
        return {index.document(id_).title for id_ in index.manifest.documents}
    finally:
        index.close()


@pytest.mark.parametrize(
    ("module", "name", "after"),
    [
        pytest.param("core.generations", "Generations.create", False, id="before a generation is made"),
        pytest.param("core.generations", "Generations.create", True, id="after a generation is made"),
        pytest.param("ingest.write", "copytree", True, id="after the copy of the store"),
        pytest.param("core.chunk_store", "ChunkStore.add", False, id="before new chunks are stored"),
        pytest.param("core.chunk_store", "ChunkStore.add", True, id="after new chunks are stored"),
        pytest.param("core.chunk_store", "ChunkStore.remove", True, id="after old chunks are removed"),
        pytest.param("core.token_vectors", "TokenVectorsWriter.close", True, id="after the token vectors"),
        pytest.param("core.chunk_texts", "ChunkTexts.save", True, id="after the texts"),
        pytest.param("core.lexical", "LexicalIndex.save", True, id="after the lexical index"),
        pytest.param("core.manifest", "Manifest.save", True, id="after the catalogue"),
        pytest.param("os", "replace", False, id="before the pointer moves"),
        pytest.param("os", "replace", True, id="after the pointer moved"),
    ],
)
def test_a_killed_ingest_costs_nothing_but_its_own_work(
    module: str,
    name: str,
    after: bool,
    forks: multiprocessing.context.BaseContext,
    begun: Path,
    tmp_path: Path,
) -> None:
    shutil.copytree(begun / "index", tmp_path / "index")
    settings, docs = settings_at(tmp_path / "index"), begun / "docs"

    process = forks.Process(target=killed_ingest, args=(settings, docs, module, name, after))
    process.start()
    process.join(60)

    assert process.exitcode == -signal.SIGKILL, "the ingest never came there"
    assert titles(settings) == (AFTER if (name, after) == ("replace", True) else BEFORE)
    ingest([docs], settings, HashEncoder())
    assert titles(settings) == AFTER
    assert ingest([docs], settings, HashEncoder()).unchanged == 3
    assert len(list((tmp_path / "index" / "generations").iterdir())) == 1, "leftovers are swept"
