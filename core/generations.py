"""Generations of the index on disk: each ingest builds a folder of its own, then moves one pointer.

    index/CURRENT            the number of the generation that answers; replaced atomically
    index/write.lock         held by the one ingest that writes
    index/generations/7/     a complete generation; `lease` is held shared by everyone who reads it

A killed ingest leaves a folder that nothing points to; the next one sweeps it, and never a generation being read.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from core.errors import IndexBusy, IndexMissing, IndexUnavailable

_LOCK = "write.lock"


def is_index(folder: Path) -> bool:
    """Whether a folder holds an index."""
    return (folder / _LOCK).is_file()


class Generations:
    """The pointer and the folders below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._pointer = directory / "CURRENT"

    def current(self) -> int | None:
        """Number of the generation that answers, `None` before the first ingest."""
        try:
            return int(self._pointer.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise IndexUnavailable(
                f"the pointer {self._pointer} cannot be read ({error})", "remove the index folder and ingest again"
            ) from error

    def folder(self, number: int) -> Path:
        return self.directory / "generations" / str(number)

    def lease(self) -> tuple[Path, IO[bytes]]:
        """The current generation's folder and a shared lock on it, to be closed by the reader."""
        while (number := self.current()) is not None:
            folder = self.folder(number)
            try:
                handle = (folder / "lease").open("rb")
            except OSError as error:
                if self.current() != number:
                    continue
                raise IndexUnavailable(
                    f"generation {number} is missing from {self.directory} ({error.strerror})",
                    "remove the index folder and ingest again",
                ) from error
            fcntl.flock(handle, fcntl.LOCK_SH)
            if (folder / "lease").exists():
                return folder, handle
            handle.close()
        raise IndexMissing(f"there is no index in {self.directory}", "run `prep ingest PATH`, or `make ask`")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one writer's lock; raises `IndexBusy` when somebody else does."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            handle = (self.directory / _LOCK).open("w")
        except OSError as error:
            raise IndexUnavailable(
                f"the index folder {self.directory} cannot be written ({error.strerror})",
                "choose another with --index or PREP_INDEX__DIRECTORY",
            ) from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IndexBusy(
                    f"another ingest is writing to {self.directory}", "try again when it has ended"
                ) from error
            yield

    def create(self) -> tuple[int, Path]:
        """A new empty generation; call it while writing."""
        # Milliseconds, so that an index made anew never repeats a number that a running service has open.
        number = max([self.current() or 0, *self._existing(), time.time_ns() // 1_000_000]) + 1
        folder = self.folder(number)
        folder.mkdir(parents=True)
        (folder / "lease").touch()
        return number, folder

    def collection(self, number: int) -> str:
        """Name of a generation's collection on a Chroma server, where other indexes may live too."""
        identity = self.directory / "id"
        if not identity.exists():
            identity.write_text(uuid4().hex[:8])
        return f"prep-{identity.read_text()}-{number}"

    def publish(self, number: int) -> None:
        """Let the pointer name a generation, all of it on disk first."""
        os.sync()
        fresh = self._pointer.with_suffix(".new")
        fresh.write_text(str(number))
        with fresh.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(fresh, self._pointer)

    def stale(self) -> Iterator[tuple[int, Path]]:
        """Generations that nothing points to and nobody reads, locked while the caller disposes of each."""
        current = self.current()
        for number in self._existing():
            if number == current:
                continue
            folder = self.folder(number)
            try:
                with (folder / "lease").open("rb") as handle:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield number, folder
                    (folder / "lease").unlink()
            except FileNotFoundError:
                yield number, folder
            except BlockingIOError:
                continue
            shutil.rmtree(folder, ignore_errors=True)

    def _existing(self) -> list[int]:
        folder = self.directory / "generations"
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()) if folder.is_dir() else []
