"""Bootstrap intervals of statistics that are no mean of single questions, such as F1 or an area under a curve."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eval.intervals import Estimate

Drawn = NDArray[np.int64]
_RESAMPLES = 1_000
_SEED = 20_240_607


def estimate_of(statistic: Callable[[Drawn], float], n: int) -> Estimate:
    """The statistic of all rows and its percentile interval: rows are drawn with replacement, always the same ones.

    `statistic` takes row numbers; a draw for which it is not defined (NaN) is left out of the interval.
    """
    draws = np.random.default_rng(_SEED).integers(0, n, (_RESAMPLES, n))
    low, high = np.nanpercentile([statistic(drawn) for drawn in draws], [2.5, 97.5])
    return Estimate(statistic(np.arange(n)), float(low), float(high), n)
