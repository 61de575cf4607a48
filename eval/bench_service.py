"""Many clients at once, questions beside an ingest, and the start of a process."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np

from core.encoder import Encoder
from core.settings import Settings
from eval.timing import Spread, spread
from service.bootstrap import build_pipeline
from service.pipeline import Pipeline, Request

_SELF_TIME = re.compile(r"^import time:\s+(\d+) \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Clients:
    """`ratio`: answers a second of all clients together over those of one client, round by round."""

    clients: int
    one_per_second: float
    all_per_second: float
    ratio: Spread


@dataclass(frozen=True, slots=True)
class BesideIngest:
    """Answers while an ingest writes to the same index; `longest` is a share of the ingest's time."""

    answers: int
    alone_ms: Spread
    beside_ms: Spread
    ratio: float
    longest: float


@dataclass(frozen=True, slots=True)
class Start:
    """A whole `prep ask` in a process of its own; `imports` is the share of its time that imports take."""

    seconds: Spread
    imports: float


def measure_clients(
    settings: Settings, encoder: Encoder, questions: Sequence[str], clients: int, rounds: int
) -> Clients:
    """One client and many, in turns, each asking all the questions."""
    pipeline = build_pipeline(settings, encoder)
    with closing(pipeline.live):
        _seconds(pipeline, questions, 1)
        pairs = [(_seconds(pipeline, questions, 1), _seconds(pipeline, questions, clients)) for _ in range(rounds)]
    one, many = (len(questions) / float(np.median(times)) for times in zip(*pairs, strict=True))
    return Clients(clients, one, many, spread([alone / together for alone, together in pairs]))


def _seconds(pipeline: Pipeline, questions: Sequence[str], clients: int) -> float:
    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        for _ in pool.map(lambda question: pipeline.answer(Request(question)), questions):
            pass
        return time.perf_counter() - started


def measure_beside_ingest(
    settings: Settings, encoder: Encoder, questions: Sequence[str], ingest: Callable[[], object]
) -> BesideIngest:
    """Ask one question after another while `ingest` runs in another thread, as an upload does."""
    pipeline = build_pipeline(settings, encoder)
    with closing(pipeline.live):
        _times(pipeline, questions)
        alone = _times(pipeline, questions)
        writer = Thread(target=ingest)
        started = time.perf_counter()
        writer.start()
        beside: list[float] = []
        while writer.is_alive():
            beside += _times(pipeline, [questions[len(beside) % len(questions)]])
        took = time.perf_counter() - started
    alone_ms, beside_ms = (spread([1_000 * each for each in times]) for times in (alone, beside))
    return BesideIngest(len(beside), alone_ms, beside_ms, beside_ms.median / alone_ms.median, max(beside) / took)


def _times(pipeline: Pipeline, questions: Sequence[str]) -> list[float]:
    times = []
    for question in questions:
        started = time.perf_counter()
        pipeline.answer(Request(question))
        times.append(time.perf_counter() - started)
    return times


def measure_start(index: Path, question: str, rounds: int) -> Start:
    """`prep ask` from the shell, and once more with Python's own account of its imports."""
    ask = ["-c", "from cli.main import main; main()", "ask", question, "--index", str(index)]
    seconds = [_run([sys.executable, *ask])[0] for _ in range(rounds)]
    whole, account = _run([sys.executable, "-X", "importtime", *ask])
    imports = sum(int(each) for each in _SELF_TIME.findall(account)) / 1e6
    return Start(spread(seconds), imports / whole)


def _run(command: Sequence[str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return time.perf_counter() - started, done.stderr
