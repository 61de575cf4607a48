"""How well a verifier tells supported statements from unsupported ones, on labelled pairs."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidDataset
from eval.golden import Statement, load_statements
from eval.intervals import Estimate, resampled
from service.grounding import Verifier

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ByChange:
    """The statements of one kind: AUC against all of the other label, and the share that passes."""

    auc: float
    passed: float
    n: int


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """Figures with intervals over the statements."""

    judge: str
    threshold: float
    auc: Estimate
    balanced_accuracy: Estimate
    confusion: dict[str, int]
    by_change: dict[str, ByChange]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def load_pairs(path: Path) -> list[Statement]:
    """Lines of `context`, `statement`, `label` and, if known, `change`. Raises `InvalidDataset`."""
    pairs = load_statements(path)
    labels = {pair.label for pair in pairs}
    if labels != {0, 1}:
        there = f"only the label {labels.pop()}" if labels else "no pairs"
        raise InvalidDataset(f"{path} holds {there}", "give pairs of both labels, 1 for supported and 0 for not")
    return pairs


def judge_pairs(
    pairs: Sequence[Statement], verifier: Verifier, name: str, progress: Callable[[str, int, int], None]
) -> JudgeReport:
    """Score every pair."""
    scores = []
    for done, pair in enumerate(pairs):
        progress(name, done, len(pairs))
        scores += verifier.score(pair.statement, [pair.context])
    return summed_up(pairs, np.array(scores), verifier.threshold, name)


def summed_up(pairs: Sequence[Statement], scores: Numbers, threshold: float, name: str) -> JudgeReport:
    """The report on scores that are known."""
    labels = np.array([pair.label for pair in pairs])
    passed = scores >= threshold
    counts = Counter(zip((labels == 1).tolist(), passed.tolist(), strict=True))
    both = np.column_stack([labels, scores])
    return JudgeReport(
        judge=name,
        threshold=threshold,
        auc=resampled(both, lambda rows: area(rows[rows[:, 0] == 1, 1], rows[rows[:, 0] == 0, 1])),
        balanced_accuracy=resampled(both, lambda rows: _balanced(rows, threshold)),
        confusion={
            "true_positive": counts[True, True],
            "false_positive": counts[False, True],
            "true_negative": counts[False, False],
            "false_negative": counts[True, False],
        },
        by_change=_by_change([pair.change for pair in pairs], labels, scores, passed),
    )


def area(supported: Numbers, unsupported: Numbers) -> float:
    """Area under the ROC curve: how often a supported statement scores above an unsupported one, ties counting half.

    From the rank sum (Mann and Whitney 1947): `(R − m(m + 1)/2) / mn`, with mean ranks for ties. Both are needed.
    """
    m, n = len(supported), len(unsupported)
    _, which, counts = np.unique(np.concatenate([supported, unsupported]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))


def _balanced(rows: Numbers, threshold: float) -> float:
    """The mean of the share of supported statements that pass and of unsupported ones that do not."""
    supported, passed = rows[:, 0] == 1, rows[:, 1] >= threshold
    return float((passed[supported].mean() + (~passed[~supported]).mean()) / 2)


def _by_change(
    changes: Sequence[str], labels: NDArray[np.int64], scores: Numbers, passed: NDArray[np.bool_]
) -> dict[str, ByChange]:
    """Unsupported kinds against all supported statements, supported kinds against all unsupported ones."""
    kinds = sorted({(int(label), change) for label, change in zip(labels, changes, strict=True)})
    shared = {change for change, times in Counter(change for _, change in kinds).items() if times > 1}
    found = {}
    for label, change in kinds:
        own = (labels == label) & (np.array(changes) == change)
        sides = (scores[own], scores[labels == 0]) if label else (scores[labels == 1], scores[own])
        name = f"{change} ({'supported' if label else 'unsupported'})" if change in shared else change
        found[name] = ByChange(area(*sides), float(passed[own].mean()), int(own.sum()))
    return found
