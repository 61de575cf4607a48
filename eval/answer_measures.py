"""Does an answer say what the golden set expects, and at the length that was asked for?

Similarities are late interaction (ColBERT's MaxSim, averaged) by the packaged encoder without the project's adaptation:
the measure must not move with what it measures.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from core.encoder import Encoding, Floats
from core.text import words
from core.types import Length
from eval.runner import Asked
from eval.verdicts import statements_of

# A key point counts as covered from this similarity on; see docs/benchmark.md for how it was chosen.
COVERED = 0.44
# Most words of an answer; what is asked for may be exceeded by a tenth.
MOST_WORDS: dict[Length, int] = {"brief": 90, "standard": 220, "deep": 480}


class Embedder(Protocol):
    """One vector a token and one a text; `core.encoder.Encoder`."""

    def encode(self, texts: Sequence[str]) -> Encoding: ...


def answer_measures(asked: Asked, embedder: Embedder, length: Length) -> Iterator[tuple[str, float | None]]:
    """Of answerable questions, as far as the golden set says what is expected.

    A refusal covers nothing; its length is not judged.
    """
    golden, answer = asked.golden, asked.answer
    if not golden.answerable:
        return
    given = answer.text if answer and not answer.refused else None
    if golden.key_points:
        points = best_similarities(golden.key_points, given or "", embedder)
        covered = sum(point >= COVERED for point in points) / len(points)
        yield "answers.key_points", None if answer is None else covered
    if golden.reference:
        parts = best_similarities(statements_of(golden.reference) or [golden.reference], given or "", embedder)
        yield "answers.similarity", None if answer is None else sum(parts) / len(parts)
    if given:
        expected = [*golden.key_points, *(span.quote for span in golden.spans)]
        if expected:
            yield "answers.relevant", relevant_share(given, expected, embedder)
        yield "answers.within_length", float(len(words(given)) <= 1.1 * MOST_WORDS[length])


def best_similarities(wanted: Sequence[str], text: str, embedder: Embedder) -> list[float]:
    """For each wanted statement, how well the best sentence of a text matches it, in [0, 1]; 0 for an empty text."""
    sentences = statements_of(text) or [text]
    if not text.strip():
        return [0.0] * len(wanted)
    tokens = embedder.encode([*wanted, *sentences]).tokens
    there = tokens[len(wanted) :]
    return [max(_late_interaction(own, other) for other in there) for own in tokens[: len(wanted)]]


def relevant_share(text: str, expected: Sequence[str], embedder: Embedder) -> float:
    """Share of the text's sentences that say something expected, or part of it, in [0, 1]."""
    sentences = statements_of(text) or [text]
    tokens = embedder.encode([*expected, *sentences]).tokens
    wanted, there = tokens[: len(expected)], tokens[len(expected) :]
    met = [max(max(_late_interaction(a, b), _late_interaction(b, a)) for a in wanted) for b in there]
    return sum(each >= COVERED for each in met) / len(met)


def _late_interaction(own: Floats, other: Floats) -> float:
    """Mean over the first text's tokens of the best cosine among the second's `(t, dim), (u, dim) → number`."""
    if not len(own) or not len(other):
        return 0.0
    return float(max((own @ other.T).max(axis=1).mean(), 0.0))
