"""The chunks of a generation in the order of its rows, mapped from disk: what a question reads instead of Chroma.

Derived from Chroma by each ingest. One line of JSON a chunk, and where each line begins.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import IndexUnavailable
from core.types import Chunk

_FILE = "texts.jsonl"
_OFFSETS = "text_offsets.npy"


class ChunkTexts:
    """The line of row `i` is `lines[offsets[i]:offsets[i + 1]]`."""

    def __init__(self, lines: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self._lines = lines
        self._offsets = offsets

    @staticmethod
    def save(folder: Path, chunks: Sequence[Chunk]) -> None:
        """Write into an existing folder."""
        lengths = [0]
        with (folder / _FILE).open("wb") as file:
            lengths += [file.write(_line(chunk)) for chunk in chunks]
        np.save(folder / _OFFSETS, np.cumsum(lengths, dtype=np.int64))

    @classmethod
    def load(cls, folder: Path, rows: int) -> "ChunkTexts":
        """Map the texts of `rows` chunks; raises `OSError`, `EOFError` or `ValueError` where the files do not fit."""
        offsets = np.load(folder / _OFFSETS)
        size = (folder / _FILE).stat().st_size
        if len(offsets) != rows + 1 or offsets[-1] != size:
            raise ValueError(f"{_FILE} does not hold the texts of {rows} chunks")
        lines = np.memmap(folder / _FILE, np.uint8, "r") if size else np.empty(0, np.uint8)
        return cls(np.asarray(lines), offsets)

    def of(self, rows: Sequence[int]) -> list[Chunk]:
        """Chunks by row, in the order asked; raises `IndexUnavailable` where a line cannot be read."""
        return [self._chunk(row) for row in rows]

    def __iter__(self) -> Iterator[Chunk]:
        """Every chunk, one at a time."""
        return map(self._chunk, range(len(self._offsets) - 1))

    def _chunk(self, row: int) -> Chunk:
        line = self._lines[self._offsets[row] : self._offsets[row + 1]].tobytes()
        try:
            fields = json.loads(line)
            return Chunk(**fields | {name: tuple(fields[name]) for name in ("heading_path", "aliases")})
        except (ValueError, TypeError, KeyError) as error:
            raise IndexUnavailable(
                f"{_FILE} is damaged at row {row} ({type(error).__name__})", "remove the index folder and ingest again"
            ) from error


def _line(chunk: Chunk) -> bytes:
    return json.dumps(asdict(chunk), ensure_ascii=False).encode() + b"\n"
