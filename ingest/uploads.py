"""Documents that arrive over HTTP: kept as files beside the index, for a rebuild to read, until they are removed."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from core.encoder import Encoder
from core.errors import IndexBusy, UnreadableSource
from core.settings import Settings
from ingest.load import FORMATS, load
from ingest.pipeline import ingest, remove

_SAFE = re.compile(r"[^\w.() -]+")
_LONGEST_NAME = 120  # bytes; a folder takes 255
# Seconds; whoever waits holds one of the threads that answer questions.
_PATIENCE = 5.0


class Uploads:
    """Adds and removes one upload at a time; a second one waits a little, then raises `IndexBusy`."""

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        self._settings = settings
        self._encoder = encoder
        self._folder = settings.index.uploads
        self._lock = Lock()

    def put(self, name: str, data: bytes) -> tuple[Sequence[str], int]:
        """Ids of the documents in the file and how many chunks were encoded; raises `UnreadableSource`."""
        target = self._folder / safe_name(name)
        with self._turn():
            arriving = self._folder / ".arriving" / target.name
            arriving.parent.mkdir(parents=True, exist_ok=True)
            arriving.write_bytes(data)
            try:
                documents = load(arriving, f"uploads/{target.name}", self._settings.ingest)
                os.replace(arriving, target)
            finally:
                arriving.unlink(missing_ok=True)
            report = ingest([target], self._settings, self._encoder, restore=True)
        return [document.id for document in documents], report.encoded

    def remove(self, document_id: str) -> None:
        """Take a document out; raises `DocumentNotFound`."""
        with self._turn():
            remove([document_id], self._settings)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE):
            raise IndexBusy("another upload is being read", "try again when it has ended")
        try:
            yield
        finally:
            self._lock.release()


def safe_name(name: str) -> str:
    """The last part of a file name without anything that could leave its folder; raises `UnreadableSource`."""
    bare = _SAFE.sub("_", Path(name.replace("\\", "/")).name).lstrip(". ")
    path = Path(bare)
    if path.suffix.lower() not in FORMATS or not path.stem:
        raise UnreadableSource(
            f"the upload {name[:_LONGEST_NAME]!r} has no known format",
            f"name it with one of {' '.join(sorted(FORMATS))}",
        )
    return path.stem.encode()[:_LONGEST_NAME].decode(errors="ignore") + path.suffix.lower()
