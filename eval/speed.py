"""How long answers took: by stage as the answers themselves tell, and as the caller saw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.runner import Asked

TOTAL = "answer"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds: median, 95th percentile and how many were measured."""

    p50: float
    p95: float
    n: int


def latencies(rows: Sequence[Asked]) -> Mapping[str, Latency]:
    """By stage, in the order in which stages first appear; `answer` is the whole call. Failed questions have none."""
    measured: dict[str, list[float]] = {}
    for row in rows:
        if row.answer is not None:
            for stage, took in row.answer.timings_ms.items():
                measured.setdefault(stage, []).append(took)
            measured.setdefault(TOTAL, []).append(row.wall_ms)
    whole = measured.pop(TOTAL, None)
    return {stage: _latency(took) for stage, took in [*measured.items(), *([(TOTAL, whole)] if whole else [])]}


def answers_per_second(rows: Sequence[Asked]) -> float:
    """Of one client that asks one question after another."""
    spent = sum(row.wall_ms for row in rows)
    return 1000 * sum(row.answer is not None for row in rows) / spent if spent else 0.0


def _latency(milliseconds: Sequence[float]) -> Latency:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return Latency(round(float(p50), 2), round(float(p95), 2), len(milliseconds))
