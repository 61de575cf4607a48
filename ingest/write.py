"""A new generation of the index: what is new, what is kept of the last one, and what is derived from both.

Nothing points to the generation until `publish`, so a killed ingest leaves the last one answering.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree
from typing import Self

import numpy as np

from core.chunk_store import ChunkStore
from core.chunk_texts import ChunkTexts
from core.encoder import Encoding, Floats
from core.errors import IndexUnavailable
from core.generations import Generations
from core.index import ROWS, VECTORS, Index
from core.late_interaction import quantise
from core.lexical import LexicalIndex
from core.manifest import FILE_NAME, Manifest
from core.settings import IndexSettings
from core.text import terms
from core.token_vectors import TokenVectorsWriter
from core.types import Chunk, chunk_id
from ingest.catalogue import Catalogue

log = logging.getLogger(__name__)


class GenerationWriter:
    """Starts as a copy of `previous`; then `add` what is new, and `publish` with the manifest of what is to remain."""

    def __init__(self, generations: Generations, settings: IndexSettings, previous: Index | None) -> None:
        self._generations = generations
        self._previous = previous
        self.number, self._folder = generations.create()
        self.chroma_url = str(settings.chroma_url) if settings.chroma_url else None
        self.collection = generations.collection(self.number) if self.chroma_url else "chunks"
        self._store = _successor(previous, self._folder / "chroma", self.chroma_url, self.collection)
        self._tokens = TokenVectorsWriter(self._folder)
        self._vectors: list[Floats] = []
        self._ids: list[str] = []

    def add(self, chunks: Sequence[Chunk], encoding: Encoding) -> None:
        """Chunks that the previous generation does not hold."""
        self._store.add(chunks, encoding.pooled)
        self._append([chunk.id for chunk in chunks], encoding.pooled)
        self._tokens.append([quantise(tokens) for tokens in encoding.tokens])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tokens.close()
        self._store.close()

    def publish(self, catalogue: Catalogue, fingerprint: str) -> Manifest:
        """Keep the documents of the catalogue, derive the rest from the store, and move the pointer."""
        manifest = catalogue.manifest(self.number, self.collection, self.chroma_url, fingerprint)
        self._take_over({chunk_id(id_, n) for id_, record in manifest.documents.items() for n in range(record.chunks)})
        self._tokens.close()
        np.save(
            self._folder / VECTORS, np.concatenate(self._vectors) if self._vectors else np.empty((0, 1), np.float32)
        )
        (self._folder / ROWS).write_text(json.dumps(self._ids))
        chunks = self._store.get(self._ids)
        ChunkTexts.save(self._folder, chunks)
        LexicalIndex.build([terms(chunk.searched) for chunk in chunks]).save(self._folder)
        manifest.save(self._folder)
        self._generations.publish(self.number)
        return manifest

    def _take_over(self, wanted: set[str]) -> None:
        if self._previous is None:
            return
        rows = [row for row, id_ in enumerate(self._previous.chunk_ids) if id_ in wanted]
        self._append([self._previous.chunk_ids[row] for row in rows], self._previous.vectors[rows])
        self._tokens.append([self._previous.tokens.of(row) for row in rows])
        self._store.remove([id_ for id_ in self._previous.chunk_ids if id_ not in wanted])

    def _append(self, ids: list[str], vectors: Floats) -> None:
        if ids:
            self._ids += ids
            self._vectors.append(vectors)


def _successor(previous: Index | None, folder: Path, url: str | None, name: str) -> ChunkStore:
    """A collection to write to, holding what the previous generation holds."""
    if previous is not None and url is None and previous.manifest.chroma_url is None:
        copytree(previous.folder / "chroma", folder)
        return ChunkStore.open(folder, None, name)
    store = ChunkStore.open(folder, url, name, create=True)
    if previous is not None:
        previous.store.copy_to(store, previous.chunk_ids)
    return store


def sweep(generations: Generations, chroma_url: str | None) -> None:
    """Dispose of what earlier and killed ingests left and nobody reads."""
    for number, folder in generations.stale():
        complete = (folder / FILE_NAME).exists()
        url = Manifest.load(folder).chroma_url if complete else chroma_url
        if url:
            _drop(url, generations.collection(number))


def _drop(url: str, collection: str) -> None:
    try:
        ChunkStore.drop(url, collection)
    except IndexUnavailable as error:
        log.warning("the old collection %s stays behind: %s", collection, error)
