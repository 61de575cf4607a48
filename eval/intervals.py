"""Means with bootstrap intervals: how far a figure would move with other questions of the same kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 1_000
_SEED = 20_240_607


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` questions and the 95 % interval around it."""

    mean: float
    low: float
    high: float
    n: int


def estimate(values: Sequence[float]) -> Estimate:
    """Mean with a percentile bootstrap interval (Efron 1979): 1,000 resamples of the questions, always the same ones.

    The seed is fixed, so two stages over the same questions are resampled alike. At least one value.
    """
    measured = np.asarray(values, np.float64)
    drawn = np.random.default_rng(_SEED).integers(0, len(measured), (_RESAMPLES, len(measured)))
    low, high = np.percentile(measured[drawn].mean(axis=1), [2.5, 97.5])
    return Estimate(float(measured.mean()), float(low), float(high), len(measured))
