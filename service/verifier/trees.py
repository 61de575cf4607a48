"""Gradient-boosted trees as plain arrays: a few comparisons in NumPy, no library of their own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Trees:
    """Arrays over the nodes of all trees, and the node each tree starts at; a leaf points to itself."""

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    base: NDArray[np.float64]
    """One number: the log-odds before any tree."""

    def log_odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows `(n, features)` to `(n,)`: the sum of the leaves that a row falls into."""
        at = np.repeat(self.roots[None], len(rows), axis=0)
        row = np.arange(len(rows))[:, None]
        while True:
            goes_left = rows[row, self.feature[at]] <= self.threshold[at]
            to = np.where(goes_left, self.left[at], self.right[at])
            if (to == at).all():
                return np.asarray(self.base[0] + self.value[at].sum(axis=1), np.float64)
            at = to
