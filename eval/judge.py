"""How well a verifier tells supported statements from unsupported ones, on labelled pairs."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidDataset
from eval.agreement import auc, balanced_accuracy
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
    labels = np.array([pair.label for pair in pairs], np.float64)
    passed = scores >= threshold
    counts = Counter(zip((labels == 1).tolist(), passed.tolist(), strict=True))
    both = np.column_stack([labels, scores])
    return JudgeReport(
        judge=name,
        threshold=threshold,
        auc=resampled(both, lambda rows: auc(rows[:, 0], rows[:, 1])),
        balanced_accuracy=resampled(
            both, lambda rows: balanced_accuracy(rows[:, 0], (rows[:, 1] >= threshold) == (rows[:, 0] == 1))
        ),
        confusion={
            "true_positive": counts[True, True],
            "false_positive": counts[False, True],
            "true_negative": counts[False, False],
            "false_negative": counts[True, False],
        },
        by_change=_by_change([pair.change for pair in pairs], labels, scores, passed),
    )


def _by_change(
    changes: Sequence[str], labels: Numbers, scores: Numbers, passed: NDArray[np.bool_]
) -> dict[str, ByChange]:
    """Unsupported kinds against all supported statements, supported kinds against all unsupported ones."""
    kinds = sorted({(int(label), change) for label, change in zip(labels, changes, strict=True)})
    shared = {change for change, times in Counter(change for _, change in kinds).items() if times > 1}
    found = {}
    for label, change in kinds:
        own = (labels == label) & (np.array(changes) == change)
        compared = own | (labels != label)
        name = f"{change} ({'supported' if label else 'unsupported'})" if change in shared else change
        found[name] = ByChange(auc(labels[compared], scores[compared]), float(passed[own].mean()), int(own.sum()))
    return found
