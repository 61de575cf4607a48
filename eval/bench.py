"""The speed benchmark: everything side by side in one run, on the same chunks and with the same encoder."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.encoder import Encoder
from core.settings import IndexSettings, Settings
from core.text import terms
from eval.bench_ingest import Ingest, IngestSpeed, Size, build, measure_ingest
from eval.bench_retrieval import Measured, measure_lexical, measure_retrieval
from eval.bench_service import BesideIngest, Clients, Start, measure_beside_ingest, measure_clients, measure_start
from eval.synthetic import TilingEncoder, question_of, questions, vocabulary, write_files, zipf_texts
from eval.timing import Ratio

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure; the defaults take some minutes on two cores.

    `encoded` chunks of each index are encoded, the others get copies of their vectors (`eval.synthetic`).
    """

    sizes: tuple[int, ...] = (1_000, 10_000)
    lexical_size: int = 50_000
    encoded: int = 256
    questions: int = 24
    ingested: int = 96
    rounds: int = 3
    clients: int = 16


@dataclass(slots=True)
class BenchReport:
    """Ratios by size, and what was measured once, on the smallest index; none of it is a promise for other machines.

    `lexical_difference` is the largest difference of any BM25 score to rank_bm25's.
    """

    retrieval: dict[int, list[Ratio]] = field(default_factory=dict)
    lexical: dict[int, list[Ratio]] = field(default_factory=dict)
    lexical_difference: float = 0.0
    sizes: list[Size] = field(default_factory=list)
    ingest: IngestSpeed | None = None
    clients: Clients | None = None
    beside_ingest: BesideIngest | None = None
    start: Start | None = None
    skipped: list[str] = field(default_factory=list)
    fingerprint: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run_bench(plan: Plan, settings: Settings, ingest: Ingest, tell: Tell) -> BenchReport:
    """Measure everything in a temporary folder; `tell` hears what is being measured."""
    started = time.perf_counter()
    report = BenchReport(fingerprint=settings.fingerprint)
    with TemporaryDirectory(prefix="prep-bench-") as work:
        _Bench(plan, settings, ingest, tell, Path(work), report).run()
    report.seconds = round(time.perf_counter() - started, 1)
    return report


class _Bench:
    """One run: what all its steps share."""

    def __init__(
        self, plan: Plan, settings: Settings, ingest: Ingest, tell: Tell, work: Path, report: BenchReport
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._ingest = ingest
        self._tell = tell
        self._work = work
        self._report = report
        self._encoder = Encoder(settings.encoder)
        self._texts = zipf_texts(vocabulary(self._encoder.folder), max(*plan.sizes, plan.lexical_size, plan.ingested))

    def run(self) -> None:
        for size in sorted(self._plan.sizes):
            self._tell(f"{size:,} chunks: ingest")
            placed = self._built(size)
            self._tell(f"{size:,} chunks: retrieval")
            self._retrieval(placed, size)
            if size == min(self._plan.sizes):
                self._service(placed, size)
        self._tell(f"{self._plan.lexical_size:,} chunks: lexical search")
        self._lexical()
        self._tell("ingest against plain encoding")
        self._ingest_speed()

    def _at(self, name: str) -> Settings:
        placed = IndexSettings(directory=self._work / name / "index", chroma_url=None)
        return self._settings.model_copy(update={"index": placed})

    def _built(self, size: int) -> Settings:
        placed = self._at(str(size))
        folder = write_files(self._work / str(size) / "files", self._texts[:size])
        tiling = TilingEncoder(self._settings.encoder, self._plan.encoded)
        self._report.sizes.append(build(self._ingest, folder, placed, tiling))
        return placed

    def _asked(self, size: int) -> list[str]:
        return questions(self._texts[:size], self._plan.questions)

    def _retrieval(self, placed: Settings, size: int) -> None:
        measured = measure_retrieval(placed, self._encoder, self._asked(size), self._work / str(size))
        self._report.retrieval[size] = self._kept(measured)

    def _lexical(self) -> None:
        size = self._plan.lexical_size
        documents = [terms(f"{question_of(text)} {text}") for text in self._texts[:size]]
        measured, self._report.lexical_difference = measure_lexical(documents, self._asked(size))
        self._report.lexical[size] = self._kept(measured)

    def _ingest_speed(self) -> None:
        work, texts = self._work / "ingest", self._texts[: self._plan.ingested]
        self._report.ingest = measure_ingest(
            self._ingest, self._at("ingest"), self._encoder, texts, self._plan.rounds, work
        )

    def _service(self, placed: Settings, size: int) -> None:
        plan, report, asked = self._plan, self._report, self._asked(size)
        self._tell("start of `prep ask`")
        report.start = measure_start(placed.index.directory, asked[0], plan.rounds)
        self._tell(f"{plan.clients} clients")
        report.clients = measure_clients(placed, self._encoder, asked, plan.clients, plan.rounds)
        self._tell("questions during an ingest")
        added = write_files(self._work / "added", self._texts[-plan.ingested :], "added")
        report.beside_ingest = measure_beside_ingest(
            placed, self._encoder, asked, lambda: self._ingest([added], placed, self._encoder)
        )

    def _kept(self, measured: Measured) -> list[Ratio]:
        new = (line for line in measured.skipped if line not in self._report.skipped)
        self._report.skipped.extend(new)
        return measured.ratios
