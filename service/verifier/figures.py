"""What plain comparison says of a statement and a passage: are its words there, its numbers, its negations?

A pure function over words and their vectors. No figure decides by itself; the trees weigh them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.encoder import Floats
from service.verifier.lexicon import ABSOLUTES, CAUSES, OPPOSITES
from service.verifier.reading import Text
from service.verifier.words import Word, numbers, same_number

Figures = dict[str, float]
_WEAK = 0.55
_SAME_STEM = 0.9


@dataclass(frozen=True, slots=True)
class Pair:
    """Statement words `s` against passage words `p`: cosines, equal stems, and `match`, the two together."""

    s: list[Word]
    p: list[Word]
    similar: Floats
    same: NDArray[np.bool_]
    match: Floats
    content: list[int]
    """Positions of the statement's content words; of all its words where it has none."""
    source: tuple[int, int]
    """The stretch of the passage, a third longer than the statement, that matches it best."""


def paired(statement: Text, passage: Text) -> Pair:
    """Both texts, at least a word each, laid side by side."""
    s, p = statement.words, passage.words
    content = [i for i, word in enumerate(s) if word.is_content] or list(range(len(s)))
    similar = statement.vectors @ passage.vectors.T
    same = np.array([[word.stem == other.stem for other in p] for word in s], bool)
    match = np.where(same, np.maximum(similar, np.float32(_SAME_STEM)), similar)
    size = min(len(p), max(8, len(s) * 4 // 3))
    starts = range(len(p) - size + 1)
    first = max(starts, key=lambda start: float(match[content, start : start + size].max(axis=1).mean()))
    return Pair(s, p, similar, same, match, content, (first, first + size))


def cover(pair: Pair, statement: Text, passage: Text) -> Figures:
    """How well the content words are met, how badly the worst, and how near the texts are as wholes."""
    best = pair.match.max(axis=1)[pair.content]
    rarity = statement.rarity[pair.content]
    found = pair.same.max(axis=1)[pair.content]
    ordered = np.sort(best)
    source = passage.vectors[slice(*pair.source)].mean(axis=0)
    whole = statement.vectors.mean(axis=0)
    return {
        "mean": float(np.average(best, weights=rarity)),
        "worst": float(ordered[0]),
        "worst_two": float(ordered[:2].mean()),
        "weak_share": float((best < _WEAK).mean()),
        "stems_found": float(found.mean()),
        "rare_found": float(np.average(found, weights=rarity)),
        "sentence_cosine": float(whole @ source / max(float(np.linalg.norm(whole) * np.linalg.norm(source)), 1e-9)),
        "pooled_cosine": float(statement.pooled @ passage.pooled),
    }


def figures_of(pair: Pair) -> Figures:
    """Numbers that the passage lacks, and a number that it has beside other words or another unit."""
    ours, theirs = numbers(pair.s), numbers(pair.p)
    places = {i: [j for j, other in theirs if same_number(value, other)] for i, value in ours}
    missing = sum(not found for found in places.values())
    moved = [_moved(pair, i, here, [j for j, _ in theirs if j not in here]) for i, here in places.items() if here]
    changed = sum(bool(here) and not _same_unit(pair, i, here) for i, here in places.items())
    return {
        "figures": float(np.log1p(len(ours))),
        "figures_missing": missing / max(1, len(ours)),
        "figure_missing": float(missing > 0),
        "figure_moved": max(moved, default=0.0),
        "unit_changed": float(changed),
    }


def _moved(pair: Pair, i: int, here: Sequence[int], elsewhere: Sequence[int]) -> float:
    """How much better a number's neighbours fit another number's place in the passage than its own."""
    near = range(max(0, i - 4), min(len(pair.s), i + 5))
    around = [k for k in near if k != i and pair.s[k].is_content and not pair.s[k].is_figure]
    if not around or not elsewhere:
        return 0.0
    fits = [float(pair.match[around, max(0, j - 5) : j + 6].max(axis=1).mean()) for j in (*here, *elsewhere)]
    return max(0.0, max(fits[len(here) :]) - max(fits[: len(here)]))


def _same_unit(pair: Pair, i: int, here: Sequence[int]) -> bool:
    """Whether one of the two words after a number follows it in the passage, too."""
    after = _stems(pair.s[i + 1 : i + 3])
    return any(after & _stems(pair.p[j + 1 : j + 4]) for j in here)


def _stems(tokens: Sequence[Word]) -> set[str]:
    return {word.stem for word in tokens}


def polarity(pair: Pair) -> Figures:
    """Negations that the source has not or that bind other words, its words' opposites, absolutes it does not say."""
    source = pair.p[slice(*pair.source)]
    ours, theirs, anywhere = map(_stems, (pair.s, source, pair.p))
    against = [w.stem for w in pair.s if OPPOSITES.get(w.stem, frozenset()) & theirs and w.stem not in theirs]
    unseen = [each for each in against if each not in anywhere and not OPPOSITES[each] & theirs & ours]
    said, there = sum(word.is_negation for word in pair.s), sum(word.is_negation for word in source)
    return {
        "negation_odd": float((said + there) % 2),
        "negation_count": float(said - there),
        "negation_moved": _negation_moved(pair),
        "opposites": float(len(against)),
        "opposite_unseen": float(len(unseen)),
        "absolute_unseen": float(sum(word.text in ABSOLUTES and word.stem not in anywhere for word in pair.s)),
    }


def _negation_moved(pair: Pair) -> float:
    """Matched content words with a negation before one of the two only, to ten words of the statement."""
    moved = 0
    for i, word in enumerate(pair.s):
        j = int(pair.match[i].argmax())
        if word.is_content and not word.is_negation and pair.match[i, j] > 0.7:
            before = (any(w.is_negation for w in text[max(0, at - 3) : at]) for text, at in ((pair.s, i), (pair.p, j)))
            moved += next(before) != next(before)
    return 10 * moved / len(pair.s)


def parts(pair: Pair) -> Figures:
    """How weak the reason given is and the worst clause, and how much of the source's own words is left out."""
    best = pair.match.max(axis=1)
    after = next((i for i, word in enumerate(pair.s) if word.text in CAUSES and i > 2), len(pair.s))
    reason = [float(best[i]) for i in pair.content if i > after]
    clauses: dict[int, list[float]] = {}
    for i in pair.content:
        clauses.setdefault(pair.s[i].clause, []).append(float(best[i]))
    source = [j for j in range(*pair.source) if pair.p[j].is_content]
    return {
        "cause_weak": 1 - float(np.mean(reason)) if reason else 0.0,
        "clause_weak": min((float(np.mean(of)) for of in clauses.values() if len(of) > 1), default=float(best.mean())),
        "source_left_out": float((pair.match[:, source].max(axis=0) < 0.5).mean()) if source else 0.0,
    }
