"""The index as a service sees it: follows the pointer, so the question after an ingest sees what it wrote.

A question keeps the generation it began with; the generation is closed when its last question has been answered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from core.errors import IndexMissing
from core.generations import Generations
from core.index import Index
from core.settings import IndexSettings


class LiveIndex:
    """Hand out the current generation, checked once for the encoder and splitter that are in use."""

    def __init__(self, settings: IndexSettings, fingerprint: str) -> None:
        self._settings = settings
        self._fingerprint = fingerprint
        self._generations = Generations(settings.directory)
        self._lock = Lock()
        self._open: Index | None = None
        self._readers: dict[Index, int] = {}

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """The current generation for one question. Raises `IndexMissing`, `IndexMismatch`, `IndexUnavailable`."""
        with self._lock:
            index = self._current()
            self._readers[index] = self._readers.get(index, 0) + 1
        try:
            yield index
        finally:
            with self._lock:
                self._readers[index] -= 1
                self._close_unused()

    def close(self) -> None:
        with self._lock:
            self._open = None
            self._close_unused()

    def _current(self) -> Index:
        number = self._generations.current()
        if number is None or (self._open is not None and self._open.outlived):
            self._open = None
            self._close_unused()
        if number is None:
            raise IndexMissing(
                f"there is no index in {self._settings.directory}", "run `prep ingest PATH`, or upload a document"
            )
        if self._open is None or self._open.manifest.generation != number:
            fresh = Index.open(self._settings)
            try:
                fresh.require(self._fingerprint)
            except BaseException:
                fresh.close()
                raise
            self._open = fresh
            self._readers.setdefault(fresh, 0)
            self._close_unused()
        return self._open

    def _close_unused(self) -> None:
        for index, readers in list(self._readers.items()):
            if not readers and index is not self._open:
                del self._readers[index]
                index.close()
