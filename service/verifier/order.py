"""Whether a statement's words stand to one another as they do in the passage: who does what to whom."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from service.verifier.figures import Figures, Pair
from service.verifier.lexicon import HEDGES

_COUNTED = 0.62
"""The cosine from which two words count as the same."""


def _mean(values: Sequence[float], default: float) -> float:
    return float(np.mean(values)) if values else default


def roles(pair: Pair) -> Figures:
    """Are neighbours near each other in the passage too, in one clause, in the same order?"""
    places = {i: _places(pair, i) for i in pair.content}
    apart, broken, turned = [], [], []
    for a, b in pairwise(pair.content):
        distance, i, j = min((abs(j - i), i, j) for i in places[a] for j in places[b])
        apart.append(min(distance, 20) / 20)
        turned.append(float(j < i))
        if pair.s[a].clause == pair.s[b].clause:
            broken.append(float(pair.p[i].clause != pair.p[j].clause))
    best = [int(pair.match[i].argmax()) for i in pair.content]
    order = [float(a < b) for k, a in enumerate(best) for b in best[k + 1 :] if a != b]
    sides = [side for i in pair.content[1:-1] if (side := _side(pair, i)) is not None]
    return {
        "far_apart": _mean(apart, 0.0),
        "clause_broken": _mean(broken, 0.0),
        "reversed": _mean(turned, 0.0),
        "order": _mean(order, 1.0),
        "sides": _mean(sides, 0.0),
        "sides_worst": min(sides, default=0.0),
    }


def _places(pair: Pair, i: int) -> list[int]:
    """Where the passage has a word, or else its nearest."""
    found = [int(j) for j in np.flatnonzero(pair.match[i] >= _COUNTED) if pair.p[j].is_content]
    return found or [int(pair.match[i].argmax())]


def _side(pair: Pair, i: int) -> float | None:
    """Do the words left and right of a word fit those left and right of its match (above zero) or are they crossed?"""
    j = int(pair.match[i].argmax())
    left, right = [k for k in pair.content if i - 7 <= k < i], [k for k in pair.content if i < k <= i + 7]
    before = [k for k in range(max(0, j - 9), j) if pair.p[k].is_content]
    behind = [k for k in range(j + 1, min(len(pair.p), j + 10)) if pair.p[k].is_content]
    if pair.match[i, j] < _COUNTED or not (left and right and before and behind):
        return None

    def fit(ours: list[int], theirs: list[int]) -> float:
        return float(pair.match[np.ix_(ours, theirs)].max(axis=1).mean())

    return fit(left, before) + fit(right, behind) - fit(left, behind) - fit(right, before)


def edits(pair: Pair) -> Figures:
    """What turning the passage into the statement takes: words moved and put in, hedges and negations dropped."""
    found = pair.same.max(axis=1)
    ours, theirs = [word.stem for word in pair.s], [word.stem for word in pair.p]
    kept = longest_common(ours, theirs)
    stay = {i for i, _ in kept}
    moved = sum(bool(found[i]) and i not in stay for i in pair.content)
    contexts = [float(pair.similar[i][pair.same[i]].max()) for i in pair.content if found[i]]
    return {
        "kept": len(kept) / len(ours),
        "longest_run": longest_run(ours, theirs) / len(ours),
        "moved": moved / len(pair.content),
        "moved_in_clause": _moved_in_clause(pair) / len(pair.content),
        "unseen": float(np.mean([not found[i] for i in pair.content])),
        "hedges_dropped": _dropped(pair, kept),
        "same_worst": min(contexts, default=0.5),
        "same_mean": _mean(contexts, 0.5),
        "together": _together(pair),
    }


def _moved_in_clause(pair: Pair) -> int:
    stems = [word.stem for word in pair.p]
    moved = 0
    for clause in {pair.s[i].clause for i in pair.content}:
        part = [i for i in pair.content if pair.s[i].clause == clause]
        stay = {k for k, _ in longest_common([pair.s[i].stem for i in part], stems)} if len(part) > 1 else {0}
        moved += sum(bool(pair.same[i].any()) for k, i in enumerate(part) if k not in stay)
    return moved


def _dropped(pair: Pair, kept: Sequence[tuple[int, int]]) -> float:
    """Hedges and negations between words that the statement keeps."""
    ours = {word.stem for word in pair.s}
    gaps = [(j, k) for (_, j), (_, k) in pairwise(kept) if k - j <= 4]
    between = [word for j, k in gaps for word in pair.p[j + 1 : k]]
    return float(sum((word.is_negation or word.text in HEDGES) and word.stem not in ours for word in between))


def _together(pair: Pair) -> float:
    """Of the words that share a clause in the statement and stand in the passage, how many share one there."""
    clauses = {i: {pair.p[j].clause for j in np.flatnonzero(pair.same[i])} for i in pair.content}
    shared = [
        float(bool(clauses[i] & clauses[k]))
        for i in pair.content
        for k in pair.content
        if i < k <= i + 6 and pair.s[i].clause == pair.s[k].clause and clauses[i] and clauses[k]
    ]
    return _mean(shared, 1.0)


def longest_common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of a longest common subsequence."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        row, below = table[i], table[i + 1]
        for j in range(len(b) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if a[i] == b[j] else max(below[j], row[j + 1])
    kept, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            kept.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return kept


def longest_run(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest run of words that both have."""
    most, above = 0, [0] * (len(b) + 1)
    for word in a:
        row = [0] + [above[j] + 1 if word == other else 0 for j, other in enumerate(b)]
        most, above = max(most, *row), row
    return most
