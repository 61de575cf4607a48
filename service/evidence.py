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
from numpy.typing import NDArray

from core.errors import ModelUnavailable
from core.index import Index
from core.settings import DATA, AnswerSettings
from core.text import terms, words
from service.retrieval import Candidates

WEIGHTS = DATA / "models" / "refusal.json"
# Candidates among which the best place for the question is sought.
_DEPTH = 10
_LONGEST_WORD = 25


@dataclass(frozen=True, slots=True)
class Evidence:
    """Confidence in [0, 1] that the corpus answers; `missing` are words of the question that no chunk holds."""

    confidence: float
    suffices: bool
    missing: tuple[str, ...]


class EvidenceJudge:
    """Logistic regression over the signals, made by `recipes.refusal`, with a threshold for each `refusal` setting.

    Raises `ModelUnavailable` when the weights are missing or not those of these signals.
    """

    def __init__(self, settings: AnswerSettings, weights: Path = WEIGHTS) -> None:
        try:
            fitted = json.loads(weights.read_text())
            self._weights = {name: float(weight) for name, weight in fitted["weights"].items()}
            self._bias = float(fitted["bias"])
            self._threshold = float(fitted["thresholds"][settings.refusal])
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailable(
                f"the refusal weights {weights} cannot be read ({error!r})",
                "restore them or run `python -m recipes.refusal`",
            ) from error

    def weigh(self, index: Index, found: Candidates) -> Evidence:
        """The confidence for a question and its ranked pool."""
        missing = _missing(index, found.question)
        if not len(found.rows):
            return Evidence(0.0, False, missing)
        measured = signals(index, found)
        logit = sum(weight * measured[name] for name, weight in self._weights.items()) + self._bias
        confidence = 1 / (1 + math.exp(-logit))
        return Evidence(confidence, confidence >= self._threshold, missing)


def signals(index: Index, found: Candidates) -> dict[str, float]:
    """What the first candidates say about the question, each signal at its best place.

    `matches` is the mean over the question's tokens of their best cosines in one passage, `worst_two` that of the two
    worst-matched tokens, `coverage` the idf-weighted share of the question's terms that one passage holds, `length` the
    logarithm of the number of tokens (a long question is met less well as a whole).
    """
    matches = found.matches[:_DEPTH]
    return {
        "matches": float(matches.mean(axis=1).max()),
        "worst_two": float(np.sort(matches, axis=1)[:, :2].mean(axis=1).max()),
        "coverage": _coverage(index, terms(found.question), found.rows[:_DEPTH]),
        "length": math.log(matches.shape[1]),
    }


def _coverage(index: Index, asked: Sequence[str], rows: NDArray[np.int64]) -> float:
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
    """Words of the question that no chunk holds; what no dictionary would list is not repeated to the reader."""
    sayable = (word for word in words(question) if word.isalpha() and len(word) <= _LONGEST_WORD)
    unknown = (word for word in sayable if any(term not in index.lexical.vocabulary for term in terms(word)))
    return tuple(dict.fromkeys(unknown))
