"""Does it say no when it should, and only then? Precision, recall, F1, and risk against coverage by confidence.

Risk is selective prediction's (Geifman and El-Yaniv 2017): of the questions answered most confidently, the share that
should not have been answered, since the corpus lacks the answer or nothing relevant was handed to the generator.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.intervals import Estimate, estimate, estimate_of
from eval.runner import HANDED, Asked

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


def refusal_measure(asked: Asked) -> tuple[str, float | None]:
    """Whether a question was answered or refused as it should be."""
    right = asked.refused != asked.golden.answerable
    return "refusal.correct", None if asked.error else float(right)


def refusal_estimates(rows: Sequence[Asked]) -> dict[str, Estimate]:
    """A question that failed counts as decided wrongly: answered where absent, refused where answerable."""
    absent = np.array([not row.golden.answerable for row in rows])
    refused = np.array([row.golden.answerable if row.error else row.refused for row in rows])
    confidences, losses = _confidences(rows), _losses(rows)
    found = {"refusal.aurc": estimate_of(lambda drawn: aurc(confidences[drawn], losses[drawn]), len(rows))}
    if absent.any():
        found["refusal.f1"] = estimate_of(lambda drawn: f1(absent[drawn], refused[drawn]), len(rows))
    for name, hits, among in (
        ("refusal.precision", absent, refused),
        ("refusal.recall", refused, absent),
        ("refusal.answered", ~refused, ~absent),
    ):
        if among.any():
            found[name] = estimate(hits[among].astype(float).tolist())
    return found


def f1(absent: Flags, refused: Flags) -> float:
    """Harmonic mean of precision and recall of refusals; 0 where neither is defined."""
    total = float(absent.sum() + refused.sum())
    return 2 * float((absent & refused).sum()) / total if total else 0.0


def risk_coverage(confidences: Floats, losses: Floats) -> list[tuple[float, float]]:
    """`(coverage, risk)` for answering the 1, 2, … n most confident questions; equal confidences share their losses."""
    _, group = np.unique(confidences, return_inverse=True)
    expected = (np.bincount(group, losses) / np.bincount(group))[group]
    ordered = expected[np.argsort(-confidences, kind="stable")]
    counts = np.arange(1, len(ordered) + 1)
    return list(zip((counts / len(ordered)).tolist(), (np.cumsum(ordered) / counts).tolist(), strict=True))


def aurc(confidences: Floats, losses: Floats) -> float:
    """Area under the risk–coverage curve: the mean risk over all coverages; lower is better."""
    return float(np.mean([risk for _, risk in risk_coverage(confidences, losses)]))


def curve(rows: Sequence[Asked]) -> list[tuple[float, float]]:
    """The risk–coverage curve of a run."""
    return risk_coverage(_confidences(rows), _losses(rows))


def loss(row: Asked) -> float:
    """1 where answering would have been wrong, else 0."""
    handed = {passage.document_id for passage in row.passages[:HANDED]}
    return float(row.error is not None or not handed & set(row.relevant.documents))


def _losses(rows: Sequence[Asked]) -> Floats:
    return np.array([loss(row) for row in rows])


def _confidences(rows: Sequence[Asked]) -> Floats:
    return np.array([row.answer.confidence if row.answer else 0.0 for row in rows])
