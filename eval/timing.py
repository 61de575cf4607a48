"""Times taken side by side: contestants take turns on each input, so a busy machine slows all of them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")
Times = Mapping[str, Sequence[float]]
"""Seconds by contestant, in the order of the inputs."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles of `n` measurements."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long `of` takes as `to`: `ratio` is over the pairs of one input, the times are milliseconds."""

    of: str
    to: str
    of_ms: Spread
    to_ms: Spread
    ratio: Spread


def alternate(contestants: Mapping[str, Callable[[T], object]], inputs: Sequence[T]) -> dict[str, list[float]]:
    """Seconds of each contestant on each input: A B A B. A first turn on the first input is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for counted, item in ((False, inputs[0]), *((True, item) for item in inputs)):
        for name, run in contestants.items():
            started = time.perf_counter()
            run(item)
            if counted:
                times[name].append(time.perf_counter() - started)
    return times


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles; at least one value."""
    low, median, high = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(low), float(high), len(values))


def ratio(times: Times, of: str, to: str) -> Ratio:
    """Compare two contestants input by input."""
    pairs = np.asarray(times[of]) / np.maximum(times[to], 1e-9)
    return Ratio(of, to, _milliseconds(times[of]), _milliseconds(times[to]), spread(pairs.tolist()))


def _milliseconds(seconds: Sequence[float]) -> Spread:
    return spread([1_000 * each for each in seconds])
