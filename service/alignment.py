"""A provisional verifier without a trained model: are a statement's words met in the passage, and do plain checks hold?

Its score is the mean over the statement's content terms of the best match in the passage (the same stem, or else the
token vectors' cosine), and falls when a number is not there or a negation is. Roles that were swapped escape it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from core.encoder import Encoder, Floats
from core.text import STOP_WORDS, stem, words

_NEGATIONS = frozenset("no not never none neither nor without cannot hardly n't fails fail lacks lack".split())
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPELLED = "zero one two three four five six seven eight nine ten eleven twelve".split()
_CONFLICT = 0.4


class AlignmentVerifier:
    """`score` reads a statement against one or more passages."""

    threshold = 0.70

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._tokens = lru_cache(maxsize=512)(self._encoded)

    def score(self, statement: str, contexts: Sequence[str]) -> list[float]:
        return [self._score(statement, context) for context in contexts]

    def _score(self, statement: str, context: str) -> float:
        said, source = self._tokens(statement), self._tokens(context)
        if not len(said[0]) or not len(source[0]):
            return 0.0
        matched = np.maximum((said[1] @ source[1].T).max(axis=1), np.isin(said[0], source[0]))
        worst = np.sort(matched)[: max(1, len(matched) // 4)].mean()
        score = 0.6 * float(matched.mean()) + 0.4 * float(worst)
        if _numbers(statement) - _numbers(context):
            score *= _CONFLICT
        if _negations(statement) != _negations(_closest(statement, context)):
            score *= _CONFLICT
        return min(max(score, 0.0), 1.0)

    def _encoded(self, text: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.str_]], Floats]:
        """The stems of a text's content words and the unit vector of the first token of each."""
        vectors = self._encoder.encode([text]).tokens[0]
        found: dict[int, str] = {}
        starts = [start for start, _ in self._encoder.offsets(text)[: len(vectors)]]
        for word in re.finditer(r"\w+", text):
            low = word.group().lower()
            if word.start() in starts and low not in STOP_WORDS and low not in _NEGATIONS:
                found[starts.index(word.start())] = stem(low)
        return np.array(list(found.values())), vectors[list(found)]


def _numbers(text: str) -> set[str]:
    spelled = {str(n) for n, word in enumerate(_SPELLED) if n > 1 and word in words(text)}
    return {number.rstrip(".,").replace(",", "") for number in _NUMBER.findall(text)} | spelled


def _negations(text: str) -> int:
    return sum(word in _NEGATIONS or word.endswith(("n't", "n’t")) for word in words(text))


def _closest(statement: str, context: str) -> str:
    """The clause of the context that shares most words with the statement."""
    said = set(words(statement))
    clauses = re.split(r"[.;:!?]\s|\n", context)
    return max(clauses, key=lambda clause: len(said & set(words(clause))))
