"""Figures with bootstrap intervals: how far they would move with other questions of the same kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 1_000
_SEED = 20_240_607
Drawn = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, or another statistic, of `n` questions and the 95 % interval around it."""

    mean: float
    low: float
    high: float
    n: int


def estimate(values: Sequence[float]) -> Estimate:
    """Mean with a percentile bootstrap interval (Efron 1979): 1,000 resamples of the questions, always the same ones.

    The seed is fixed, so two stages over the same questions are resampled alike. At least one value.
    """
    measured = np.asarray(values, np.float64)
    low, high = np.percentile(measured[_draws(len(measured))].mean(axis=1), [2.5, 97.5])
    return Estimate(float(measured.mean()), float(low), float(high), len(measured))


def estimate_of(statistic: Callable[[Drawn], float], n: int) -> Estimate:
    """The same for a statistic that is no mean of single questions, such as F1 or an area under a curve.

    `statistic` takes row numbers; a draw for which it is not defined (NaN) is left out of the interval.
    """
    low, high = np.nanpercentile([statistic(drawn) for drawn in _draws(n)], [2.5, 97.5])
    return Estimate(statistic(np.arange(n)), float(low), float(high), n)


def resampled(rows: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], float]) -> Estimate:
    """A statistic of rows that begin with a label, 0 or 1, with the same kind of interval; labels keep their shares."""
    generator = np.random.default_rng(_SEED)
    strata = [np.flatnonzero(rows[:, 0] == label) for label in (0, 1)]
    values = []
    for _ in range(_RESAMPLES):
        drawn = [generator.choice(of, len(of)) for of in strata]
        values.append(statistic(rows[np.concatenate(drawn)]))
    low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(statistic(rows), float(low), float(high), len(rows))


def _draws(n: int) -> NDArray[np.int64]:
    """Row numbers drawn with replacement `(resamples, n)`, always the same ones."""
    return np.random.default_rng(_SEED).integers(0, n, (_RESAMPLES, n))
