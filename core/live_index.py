"""The index as a service sees it: follows the pointer, so the question after an ingest sees what it wrote.

A question keeps the generation it began with; the generation is closed when its last question has been answered. A new
one is opened once for all who wait for it, and holds up nobody else.
"""

from collections.abc import Iterator
from concurrent.futures import Future
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
        self._opening: Future[None] | None = None
        self._readers: dict[Index, int] = {}

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """The current generation for one question. Raises `IndexMissing`, `IndexMismatch`, `IndexUnavailable`."""
        index = self._taken()
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

    def _taken(self) -> Index:
        """The current generation, with one reader more."""
        while True:
            with self._lock:
                if index := self._current():
                    self._readers[index] += 1
                    return index
                is_first, opening = self._opening is None, self._opening or Future()
                self._opening = opening
            if is_first:
                return self._opened(opening)
            opening.result()

    def _current(self) -> Index | None:
        """The open index, if it is the one the pointer names."""
        number = self._generations.current()
        if number is None or (self._open is not None and self._open.outlived):
            self._open = None
            self._close_unused()
        if number is None:
            raise IndexMissing(
                f"there is no index in {self._settings.directory}", "run `prep ingest PATH`, or upload a document"
            )
        return self._open if self._open and self._open.manifest.generation == number else None

    def _opened(self, opening: Future[None]) -> Index:
        """Open what the pointer names, with one reader, and let those go on who wait for it."""
        try:
            fresh = self._checked()
        except BaseException as error:
            with self._lock:
                self._opening = None
            opening.set_exception(error)
            raise
        with self._lock:
            self._opening = None
            self._open = fresh
            self._readers[fresh] = 1
            self._close_unused()
        opening.set_result(None)
        return fresh

    def _checked(self) -> Index:
        fresh = Index.open(self._settings)
        try:
            fresh.require(self._fingerprint)
        except BaseException:
            fresh.close()
            raise
        return fresh

    def _close_unused(self) -> None:
        for index, readers in list(self._readers.items()):
            if not readers and index is not self._open:
                del self._readers[index]
                index.close()
