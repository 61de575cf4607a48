"""How well the passages of one question were ranked: by relevant card and by the place of the answer.

Gold cards and quotes which the corpus does not hold count as relevant and never found.
"""

from collections.abc import Iterator, Sequence

from eval.metrics import ndcg_at_k, recall_at_k, reciprocal_rank
from eval.relevance import Place, Relevant
from eval.runner import Asked, place_of
from eval.stages import SERVED

DEPTHS = (1, 5, 10)


def ranking_measures(asked: Asked) -> Iterator[tuple[str, float | None]]:
    """`retrieval.STAGE.BY.MEASURE` of every stage; none for a question without an answer in the corpus."""
    if not asked.golden.answerable:
        return
    served = [place_of(passage) for passage in asked.passages]
    for stage, ranking in {**asked.stages, SERVED: served}.items():
        for name, value in _of_ranking(ranking, asked.relevant):
            yield f"retrieval.{stage}.{name}", None if asked.error else value


def _of_ranking(ranking: Sequence[Place], relevant: Relevant) -> Iterator[tuple[str, float]]:
    cards = list(dict.fromkeys(place.document_id for place in ranking))
    grades = dict.fromkeys([*relevant.documents, *relevant.lost_cards], 1.0)
    for k in DEPTHS:
        yield f"card.recall@{k}", recall_at_k(cards, grades, k)
    yield "card.mrr@10", reciprocal_rank(cards, grades, 10)
    yield "card.ndcg@10", ndcg_at_k(cards, grades, 10)
    yield from _by_span(ranking, relevant)


def _by_span(ranking: Sequence[Place], relevant: Relevant) -> Iterator[tuple[str, float]]:
    """A passage counts for the gold quotes that no earlier passage has reached; the ideal ranks these gains falling.

    Quotes which no passage reaches stay in the ideal with a gain of one each.
    """
    quotes = len(relevant.places) + len(relevant.lost_quotes)
    if not quotes:
        return
    gains, seen = {}, set[int]()
    for rank, place in enumerate(ranking):
        reached = {i for i, quote in enumerate(relevant.places) if place.overlaps(quote)} - seen
        if reached:
            gains[str(rank)] = float(len(reached))
            seen |= reached
    ids = [str(rank) for rank in range(len(ranking))]
    unreached = {f"unreached {n}": 1.0 for n in range(quotes - len(seen))}
    for k in DEPTHS:
        yield f"span.recall@{k}", sum(gains.get(id_, 0.0) for id_ in ids[:k]) / quotes
    yield "span.mrr@10", reciprocal_rank(ids, gains, 10)
    yield "span.ndcg@10", ndcg_at_k(ids, {**gains, **unreached}, 10)
