"""The vectors of every token of every chunk, mapped from disk."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.late_interaction import Bytes, Floats, Ints, best_cosines

_FILE = "tokens.u8"
_OFFSETS = "token_offsets.npy"


class TokenVectors:
    """Rows of chunk `i` are `vectors[offsets[i]:offsets[i + 1]]`."""

    def __init__(self, vectors: Bytes, offsets: Ints) -> None:
        self.vectors = vectors
        self.offsets = offsets

    @classmethod
    def load(cls, folder: Path) -> "TokenVectors":
        offsets = np.load(folder / _OFFSETS)
        if not offsets[-1]:
            return cls(np.empty((0, 1), np.uint8), offsets)
        return cls(np.asarray(np.memmap(folder / _FILE, np.uint8, "r")).reshape(offsets[-1], -1), offsets)

    def of(self, chunk: int) -> Bytes:
        """The vectors of one chunk `(t, dim)`."""
        return self.vectors[self.offsets[chunk] : self.offsets[chunk + 1]]

    def best_matches(self, question: Floats, chunks: Ints) -> Floats:
        """For each chunk and each token of the question `(len(chunks), m)`, the best cosine over the chunk's tokens."""
        parts = [self.of(chunk) for chunk in chunks]
        lengths = np.array([len(part) for part in parts], np.int64)
        best = np.zeros((len(parts), len(question)), np.float32)
        filled = np.flatnonzero(lengths)
        if len(filled):
            starts = np.concatenate([[0], np.cumsum(lengths[filled])[:-1]])
            best[filled] = best_cosines(question, np.concatenate(parts), starts)
        return best


class TokenVectorsWriter:
    """Appends to the file of a new generation, so that an ingest holds one batch in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / _FILE).open("wb")
        self._lengths: list[int] = []

    def append(self, vectors: Sequence[Bytes]) -> None:
        """The vectors of one chunk after another."""
        for chunk in vectors:
            self._file.write(np.ascontiguousarray(chunk).tobytes())
            self._lengths.append(len(chunk))

    def close(self) -> None:
        """Finish the file and write where each chunk begins; a second call must not touch what is read by then."""
        if self._file.closed:
            return
        self._file.close()
        np.save(self._folder / _OFFSETS, np.concatenate([[0], np.cumsum(self._lengths)]).astype(np.int64))
