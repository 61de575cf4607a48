"""Does the corpus hold the answer? Absolute signals of the pool, weighed into one confidence.

Similarity alone will not do: a near miss (right field, no answer) is similar too. What tells it apart is whether the
question's specific terms are met in one place.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.index import Index
from core.settings import DATA, AnswerSettings
from core.text import terms, words
from service.retrieval import Candidates

WEIGHTS = DATA / "models" / "refusal.json"
SIGNALS = ("late_interaction", "dense", "worst_matches", "coverage")
# Candidates among which the best place for the question is sought.
_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """Confidence in [0, 1] that the corpus answers; `missing` are words of the question that no candidate has."""

    confidence: float
    suffices: bool
    missing: tuple[str, ...]


class EvidenceJudge:
    """Logistic regression over the signals, fitted on the golden set's dev split, with a threshold for each setting."""

    def __init__(self, settings: AnswerSettings, weights: Path = WEIGHTS) -> None:
        fitted = json.loads(weights.read_text())
        self._weights = np.array([fitted["weights"][name] for name in SIGNALS])
        self._bias = float(fitted["bias"])
        self._threshold = float(fitted["thresholds"][settings.refusal])

    def weigh(self, index: Index, found: Candidates) -> Evidence:
        """The confidence for a question and its ranked pool."""
        missing = _missing(index, found.question)
        if not len(found.rows):
            return Evidence(0.0, False, missing)
        logit = float(self._weights @ signals(index, found)) + self._bias
        confidence = 1 / (1 + math.exp(-logit))
        return Evidence(confidence, confidence >= self._threshold, missing)


def signals(index: Index, candidates: Candidates) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The values of `SIGNALS` for the best of the first candidates, each at its best place."""
    rows = candidates.rows[:_DEPTH]
    matches = candidates.matches[:_DEPTH]
    worst = np.sort(matches, axis=1)[:, :2].mean(axis=1) if matches.size else np.zeros(len(rows))
    return np.array(
        [
            candidates.late_interaction[:_DEPTH].max(),
            candidates.dense.max(),
            worst.max(),
            _coverage(index, terms(candidates.question), rows),
        ]
    )


def _coverage(index: Index, asked: Sequence[str], rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Best share, weighted by idf, of the question's terms that one candidate holds; unknown terms weigh most."""
    lexical = index.lexical
    unknown = float(lexical.idf.max()) if len(lexical.idf) else 1.0
    held, total = np.zeros(len(rows)), 0.0
    for term in set(asked):
        number = lexical.vocabulary.get(term)
        weight = unknown if number is None else max(float(lexical.idf[number]), 0.0)
        total += weight
        if number is not None:
            held += weight * np.isin(rows, lexical.chunks[lexical.starts[number] : lexical.starts[number + 1]])
    return float(held.max() / total) if total else 0.0


def _missing(index: Index, question: str) -> tuple[str, ...]:
    unknown = (word for word in words(question) if any(term not in index.lexical.vocabulary for term in terms(word)))
    return tuple(dict.fromkeys(unknown))
