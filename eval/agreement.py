"""How far a judge's verdicts agree with labelled statements: the figure that says what its other figures are worth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.golden import Statement
from eval.intervals import estimate_of
from eval.report import Agreement, Figure
from eval.summary import figure, figure_of

Values = NDArray[np.float64]


def agreement(
    statements: Sequence[Statement], verdicts: Sequence[bool | None], scores: Sequence[float] | None
) -> Agreement:
    """A verdict of `None` is a failure and counts as wrong. Statements of both labels."""
    labels = np.array([statement.label for statement in statements], np.float64)
    pairs = list(zip(verdicts, statements, strict=True))
    right = np.array([verdict is not None and verdict == each.label for verdict, each in pairs])
    by_change: dict[str, list[float | None]] = {}
    for verdict, each in pairs:
        by_change.setdefault(each.change, []).append(None if verdict is None else float(verdict == each.label))
    failures = sum(verdict is None for verdict in verdicts)
    balanced = estimate_of(lambda drawn: balanced_accuracy(labels[drawn], right[drawn]), len(labels))
    return Agreement(
        n=len(statements),
        failures=failures,
        balanced_accuracy=figure_of(balanced, failures),
        auc=None if scores is None else _auc_figure(labels, np.asarray(scores)),
        by_change={change: figure(values) for change, values in by_change.items()},
    )


def balanced_accuracy(labels: Values, right: NDArray[np.bool_]) -> float:
    """Mean of the shares judged right among the supported and among the unsupported; NaN where one kind is absent."""
    return float(np.mean([right[labels == label].mean() if (labels == label).any() else np.nan for label in (0, 1)]))


def auc(labels: Values, scores: Values) -> float:
    """Area under the ROC curve: how often a supported statement scores above an unsupported one, ties counting half.

    From the rank sum (Mann and Whitney 1947): `(R − m(m + 1)/2) / mn`, with mean ranks for ties. NaN where one kind is
    absent.
    """
    supported = labels == 1
    m, n = int(supported.sum()), int((~supported).sum())
    if not m or not n:
        return float("nan")
    _, which, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return float((ranks[supported].sum() - m * (m + 1) / 2) / (m * n))


def _auc_figure(labels: Values, scores: Values) -> Figure:
    return figure_of(estimate_of(lambda drawn: auc(labels[drawn], scores[drawn]), len(labels)))
