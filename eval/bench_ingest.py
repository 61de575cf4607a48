"""What an ingest costs: chunks per second, a second ingest of the same files, memory and disk."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from core.encoder import Encoder
from core.index import Index
from core.settings import Settings
from eval.peers import plain_encode
from eval.synthetic import write_files
from eval.timing import Ratio, alternate, ratio

Ingest = Callable[[Sequence[Path], Settings, Encoder], object]
"""`ingest.pipeline.ingest`, handed in: eval does not import ingest."""
PLAIN, INGEST = "plain float32 encode", "prep ingest"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class IngestSpeed:
    """`ratio`: plain encoding over our whole ingest; `cosine`: mean between the two sets of vectors."""

    ratio: Ratio
    chunks_per_second: float
    plain_chunks_per_second: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Size:
    """What an index of `chunks` chunks takes.

    `again` is the share of the first ingest's time that a second one of the same files takes; the first ingest is
    timed without most of its encoding, so the true share is smaller.
    """

    chunks: int
    first_seconds: float
    again_seconds: float
    again: float
    disk_mb_per_1000: float
    memory_mb_per_1000: float


def measure_ingest(
    ingest: Ingest, settings: Settings, encoder: Encoder, texts: Sequence[str], rounds: int, work: Path
) -> IngestSpeed:
    """The whole ingest of some files against the bare encoding of the same chunks, in turns."""
    folder = write_files(work / "files", texts)
    ingest([folder], settings.at(work / "index"), encoder)
    index = Index.open(settings.at(work / "index").index)
    chunks, vectors = index.store.get(index.chunk_ids), np.array(index.vectors)
    index.close()
    encode = plain_encode(encoder)
    plain = encode([chunk.encoded for chunk in chunks])
    fresh = count()  # an index of its own each turn: a second ingest of the same files would cost nothing
    times = alternate(
        {
            PLAIN: lambda _: encode([chunk.encoded for chunk in chunks]),
            INGEST: lambda _: ingest([folder], settings.at(work / f"index-{next(fresh)}"), encoder),
        },
        range(rounds),
    )
    return IngestSpeed(
        ratio=ratio(times, PLAIN, INGEST),
        chunks_per_second=len(chunks) / float(np.median(times[INGEST])),
        plain_chunks_per_second=len(chunks) / float(np.median(times[PLAIN])),
        cosine=float((plain * vectors).sum(axis=1).mean()),
    )


def build(ingest: Ingest, folder: Path, settings: Settings, encoder: Encoder) -> Size:
    """Ingest a folder twice and weigh the result."""
    first = _timed(lambda: ingest([folder], settings, encoder))
    again = _timed(lambda: ingest([folder], settings, encoder))
    before = anonymous_memory()
    index = Index.open(settings.index)
    chunks = len(index.chunk_ids)
    index.store.nearest(index.vectors[0], 10)
    index.lexical.scores(list(index.lexical.vocabulary)[:10])
    memory = anonymous_memory() - before
    disk = sum(path.stat().st_size for path in index.folder.rglob("*") if path.is_file())
    index.close()
    per = 1_000 / chunks / _MIB
    return Size(chunks, first, again, again / first, disk * per, max(memory, 0) * per)


def anonymous_memory() -> int:
    """Bytes of this process that no file backs; what is mapped from disk the system may take back at any time."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
