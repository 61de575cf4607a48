"""Does the corpus hold the answer? Absolute signals of the pool, weighed into one confidence.

Similarity alone will not do: a near miss (right field, no answer) is similar too. What tells it apart is whether the
question's specific terms are met in one place.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelUnavailable
from core.index import Index
from core.pair_encoder import PairEncoder
from core.settings import DATA, AnswerSettings
from core.text import terms, words
from service.gate import COMPUTING
from service.retrieval import Candidates

PLAIN = ("matches", "worst_three", "coverage", "unknown", "lead", "log_tokens")
READ = ("answering", "answering_three")
WEIGHTS = DATA / "models" / "refusal.json"
# Candidates among which the best place for the question is sought, and those that are read for an answer.
_DEPTH, _READ = 10, 4
_SUREST = 5.0
_LEAD_OVER = 5
_MOST_TOKENS = 60
_LONGEST_WORD = 25


@dataclass(frozen=True, slots=True)
class Evidence:
    """Confidence in [0, 1] that the corpus answers; `missing` are words of the question that no chunk holds."""

    confidence: float
    suffices: bool
    missing: tuple[str, ...]


class EvidenceJudge:
    """Logistic regressions over the signals, made by `recipes.refusal`, with a threshold for each `refusal` setting.

    What the pair encoder reads counts where it knows the first passage's document, and the encoder that found it;
    elsewhere the plain signals decide, by weights of their own. Raises `ModelUnavailable` when the weights are missing,
    or are not those of these signals.
    """

    def __init__(self, settings: AnswerSettings, encoder: str, pairs: PairEncoder, weights: Path = WEIGHTS) -> None:
        self._pairs = pairs
        try:
            made = json.loads(weights.read_text())
            self._plain = Fit.of(made["fits"]["plain"], PLAIN, settings.refusal)
            self._read = Fit.of(made["fits"]["read"], (*PLAIN, *READ), settings.refusal)
            fits = made["encoder"] == encoder and made["pair_encoder"] == pairs.fingerprint
            self._known = frozenset(made["documents"] if fits else ())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable(
                f"the refusal weights {weights} cannot be read ({error!r})",
                "restore them or run `python -m recipes.refusal`",
            ) from error

    def warm_up(self) -> None:
        """Load the pair encoder now rather than with the first question, where it may be asked."""
        if self._known:
            self._pairs.log_odds("answers", "warm up", ["warm up"])

    def weigh(self, index: Index, found: Candidates) -> Evidence:
        """The confidence for a question and its ranked pool."""
        missing = _missing(index, found.question)
        if not len(found.rows):
            return Evidence(0.0, False, missing)
        with COMPUTING:
            measured, fit = plain_signals(index, found), self._plain
            if self._known and index.chunks([int(found.rows[0])])[0].document_id in self._known:
                measured, fit = measured | read_signals(index, found, self._pairs), self._read
        confidence = fit.confidence(measured)
        return Evidence(confidence, confidence >= fit.threshold, missing)


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic regression over named signals, and the confidence below which the answer is a refusal."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    @classmethod
    def of(cls, made: dict[str, Any], names: Sequence[str], setting: str) -> "Fit":
        weights = {name: float(made["weights"][name]) for name in names}
        return cls(weights, float(made["bias"]), float(made["thresholds"][setting]))

    def confidence(self, measured: Mapping[str, float]) -> float:
        logit = sum(weight * measured[name] for name, weight in self.weights.items()) + self.bias
        return 1 / (1 + math.exp(-logit))


def read_signals(index: Index, found: Candidates, pairs: PairEncoder) -> dict[str, float]:
    """The log-odds that a passage answers the question, by the encoder that reads both together, within bounds: of the
    passage that answers best, and the mean of the best three."""
    passages = [chunk.encoded for chunk in index.chunks([int(row) for row in found.rows[:_READ]])]
    told = pairs.log_odds("answers", found.question, passages)
    log_odds = np.sort(told.clip(-_SUREST, _SUREST))[::-1]
    return {"answering": float(log_odds[0]), "answering_three": float(log_odds[:3].mean())}


def plain_signals(index: Index, found: Candidates) -> dict[str, float]:
    """What retrieval's own scores of the first candidates say about the question.

    `matches` is the mean over the question's tokens of their best cosines in one passage, at its best, `worst_three`
    that of the three worst-met tokens; `coverage` is the idf-weighted share of the question's terms that one passage
    holds, `unknown` of those that no chunk holds; `lead` is how far the first passage stands before the fifth. A long
    question is met less well as a whole, hence `log_tokens`, up to the longest that the weights were fitted to.
    """
    matches = found.matches[:_DEPTH].astype(np.float64)
    return {
        "matches": float(matches.mean(axis=1).max()),
        "worst_three": float(np.sort(matches, axis=1)[:, :3].mean(axis=1).max()),
        **_term_shares(index, terms(found.question), found.rows[:_DEPTH]),
        "lead": float(found.fused[0] - found.fused[:_LEAD_OVER][-1]),
        "log_tokens": math.log(min(matches.shape[1], _MOST_TOKENS)),
    }


def _term_shares(index: Index, asked: Sequence[str], rows: NDArray[np.int64]) -> dict[str, float]:
    """Shares of the question's terms, weighed by idf: what one of the rows holds at most, and what the corpus does not
    know; unknown terms weigh as the rarest known ones do."""
    lexical = index.lexical
    rarest = float(lexical.idf.max()) if len(lexical.idf) else 1.0
    held, known, unknown = np.zeros(len(rows)), 0.0, 0.0
    for number in (lexical.vocabulary.get(term) for term in set(asked)):
        if number is None:
            unknown += rarest
            continue
        weight = max(float(lexical.idf[number]), 0.0)
        known += weight
        held += weight * np.isin(rows, lexical.chunks[lexical.starts[number] : lexical.starts[number + 1]])
    total = known + unknown
    return {"coverage": float(held.max() / total) if total else 0.0, "unknown": unknown / total if total else 0.0}


def _missing(index: Index, question: str) -> tuple[str, ...]:
    """Words of the question that no chunk holds; what no dictionary would list is not repeated to the reader."""
    sayable = (word for word in words(question) if word.isalpha() and len(word) <= _LONGEST_WORD)
    unknown = (word for word in sayable if any(term not in index.lexical.vocabulary for term in terms(word)))
    return tuple(dict.fromkeys(unknown))
