"""Measures of a ranking, as trec_eval and BEIR define them: document ids in, a number out.

`relevance` maps the ids that were judged to their grades; a grade of zero or less is not relevant, and neither is a
document that nobody judged.
"""

from collections.abc import Mapping, Sequence
from math import log2

Relevance = Mapping[str, float]


def recall_at_k(ranking: Sequence[str], relevance: Relevance, k: int) -> float:
    """Share of the relevant documents among the first `k`; 0 where none is relevant."""
    relevant = {id_ for id_, grade in relevance.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], relevance: Relevance, k: int) -> float:
    """`1 / rank` of the first relevant document among the first `k`, else 0."""
    return next((1 / rank for rank, id_ in enumerate(ranking[:k], start=1) if relevance.get(id_, 0) > 0), 0.0)


def ndcg_at_k(ranking: Sequence[str], relevance: Relevance, k: int) -> float:
    """Discounted cumulative gain of the first `k` over that of the best ranking; gains are the grades, linearly.

    Järvelin and Kekäläinen 2002, in trec_eval's form: a grade at rank `r` is worth `grade / log2(r + 1)`.
    """
    ideal = _dcg(sorted(relevance.values(), reverse=True)[:k])
    return _dcg([relevance.get(id_, 0) for id_ in ranking[:k]]) / ideal if ideal else 0.0


def _dcg(grades: Sequence[float]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, start=1) if grade > 0)
