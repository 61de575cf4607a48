"""One generation of the index, opened for reading: chunks in Chroma, and what is derived from them.

Rows number the chunks of a generation; texts, pooled vectors, token vectors and the lexical index all follow them.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.chunk_store import ChunkStore
from core.chunk_texts import ChunkTexts
from core.encoder import Floats
from core.errors import DocumentNotFound, IndexMismatch, IndexUnavailable, InvalidFilter
from core.fingerprint import LAYOUT_VERSION
from core.generations import Generations
from core.lexical import LexicalIndex
from core.manifest import DocumentRecord, Manifest
from core.settings import IndexSettings
from core.token_vectors import TokenVectors
from core.types import Chunk, Document, chunk_id

FILTERS = ("role", "topic", "level", "kind", "source")
VECTORS = "vectors.npy"
ROWS = "rows.json"


class Index:
    """Open it with `Index.open`; close it when done, so that a later ingest may sweep the generation."""

    def __init__(self, folder: Path, lease: IO[bytes], manifest: Manifest) -> None:
        self._lease = lease
        self.folder = folder
        self.manifest = manifest
        self.chunk_ids: list[str] = json.loads((folder / ROWS).read_text())
        self.vectors: Floats = np.asarray(np.load(folder / VECTORS, mmap_mode="r"))
        # A generation of an older layout is open to be rebuilt only; what it lacks is read from Chroma.
        self.texts = ChunkTexts.load(folder, len(self.chunk_ids)) if manifest.layout == LAYOUT_VERSION else None
        self.tokens = TokenVectors.load(folder)
        self.lexical = LexicalIndex.load(folder)
        self.store = ChunkStore.open(folder / "chroma", manifest.chroma_url, manifest.collection)

    @classmethod
    def open(cls, settings: IndexSettings) -> "Index":
        """The current generation. Raises `IndexMissing`, `IndexUnavailable`."""
        folder, lease = Generations(settings.directory).lease()
        try:
            return cls(folder, lease, Manifest.load(folder))
        except (OSError, EOFError, ValueError, KeyError) as error:
            lease.close()
            raise IndexUnavailable(
                f"the index in {settings.directory} is damaged ({type(error).__name__} in generation {folder.name})",
                "remove the index folder and ingest again",
            ) from error
        except BaseException:
            lease.close()
            raise

    def close(self) -> None:
        self.store.close()
        self._lease.close()

    @property
    def outlived(self) -> bool:
        """Whether the folder it was opened from has gone, or another index has taken its place."""
        try:
            return not os.path.samestat((self.folder / "lease").stat(), os.fstat(self._lease.fileno()))
        except OSError:
            return True

    def require(self, fingerprint: str) -> None:
        """Raise `IndexMismatch` unless the encoder, splitter and layout now in use made this index."""
        if self.manifest.fingerprint != fingerprint:
            raise IndexMismatch(
                f"the index in {self.folder.parent.parent} was made with another encoder, splitter or layout "
                f"({self.manifest.fingerprint}, now {fingerprint})",
                "run `prep ingest --rebuild`, which reads every file on record again",
            )

    @cached_property
    def row_of(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.chunk_ids)}

    @cached_property
    def _document_of_row(self) -> list[str]:
        return [id_.rpartition(":")[0] for id_ in self.chunk_ids]

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Chunks by row, in the order asked; raises `IndexUnavailable` where they cannot be read."""
        if self.texts is None:
            return self.store.get([self.chunk_ids[row] for row in rows])
        return self.texts.of(rows)

    def rows_matching(self, filters: Mapping[str, Sequence[str]]) -> NDArray[np.bool_]:
        """Which rows belong to a document with one of the asked values for every tag `(chunks,)`."""
        if unknown := set(filters) - set(FILTERS):
            raise InvalidFilter(f"unknown filter {', '.join(sorted(unknown))}", f"use one of {', '.join(FILTERS)}")
        allowed = {id_ for id_, record in self.manifest.documents.items() if _matches(record, filters)}
        return np.array([id_ in allowed for id_ in self._document_of_row], dtype=bool)

    def document(self, document_id: str) -> Document:
        """A document with its text, put together from its chunks."""
        return self.document_with_chunks(document_id)[0]

    def document_with_chunks(self, document_id: str) -> tuple[Document, list[Chunk]]:
        """A document and the chunks that make it, in order."""
        record = self.record(document_id)
        chunks = self.chunks([self.row_of[chunk_id(document_id, ordinal)] for ordinal in range(record.chunks)])
        document = Document(
            id=document_id,
            title=record.title,
            text="".join(chunk.text for chunk in chunks),
            sources=tuple(record.sources),
            question=record.question,
            tags={key: tuple(values) for key, values in record.tags.items()},
        )
        return document, chunks

    def record(self, document_id: str) -> DocumentRecord:
        try:
            return self.manifest.documents[document_id]
        except KeyError:
            raise DocumentNotFound(f"no document has the id {document_id!r}", "`prep documents` lists them") from None


def _matches(record: DocumentRecord, filters: Mapping[str, Sequence[str]]) -> bool:
    for name, wanted in filters.items():
        if name == "source":
            found = any(value in source for source in record.sources for value in wanted)
        else:
            found = not set(wanted).isdisjoint(record.tags.get(name, []))
        if wanted and not found:
            return False
    return True
