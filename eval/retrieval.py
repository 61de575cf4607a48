"""A dataset's queries → rankings of every stage → measures with intervals, by the retrieval that is served."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.index import Index
from core.text import terms
from eval.beir import Dataset
from eval.intervals import Estimate, estimate
from eval.metrics import Relevance, ndcg_at_k, recall_at_k, reciprocal_rank
from eval.rankings import DocumentRanker, followed_by
from service.fusion import weighted_sum
from service.pipeline import Reranker
from service.retrieval import Candidates, Retriever, passages

STAGES = ("bm25", "dense", "fused", "reranked")
MEASURES: dict[str, Callable[[list[str], Relevance], float]] = {
    "ndcg@10": lambda ranking, relevance: ndcg_at_k(ranking, relevance, 10),
    "mrr@10": lambda ranking, relevance: reciprocal_rank(ranking, relevance, 10),
    "recall@10": lambda ranking, relevance: recall_at_k(ranking, relevance, 10),
    "recall@100": lambda ranking, relevance: recall_at_k(ranking, relevance, 100),
}
Stages = Mapping[str, Mapping[str, Estimate]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """What one call measured; `stages` maps stage and measure to an estimate, the served stage last."""

    dataset: str
    split: str
    documents: int
    chunks: int
    queries: int
    left_out: int
    stages: Stages
    fingerprint: str
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    dataset: Dataset, index: Index, retriever: Retriever, reranker: Reranker | None, progress: Progress
) -> Stages:
    """Every measure of every stage over all queries of the dataset."""
    ranker = DocumentRanker(index)
    values: dict[str, dict[str, list[float]]] = {stage: {name: [] for name in MEASURES} for stage in STAGES}
    for done, (query_id, text) in enumerate(dataset.queries.items()):
        progress("asking", done, len(dataset.queries))
        for stage, ranking in _rankings(index, ranker, retriever, reranker, text):
            for name, of in MEASURES.items():
                values[stage][name].append(of(ranking, dataset.grades[query_id]))
    return {stage: {name: estimate(each) for name, each in of.items()} for stage, of in values.items()}


def _rankings(
    index: Index, ranker: DocumentRanker, retriever: Retriever, reranker: Reranker | None, text: str
) -> Iterator[tuple[str, list[str]]]:
    """The documents that each stage finds, best first.

    BM25 and dense search rank all chunks. The pool of the later stages is smaller than the deepest measure, so the
    documents outside it follow, by the weighted sum of the two scores that every chunk has.
    """
    found = retriever.search(index, text, {})
    asked = terms(text)
    bm25 = index.lexical.scores(asked)
    dense = (index.vectors @ found.encoded.pooled[0]).astype(np.float64)
    outside = weighted_sum(dense, bm25 / index.lexical.upper_bound(asked), np.zeros(len(bm25)))
    rest = ranker.ranking(outside)
    yield "bm25", ranker.ranking(np.where(bm25 > 0, bm25, -np.inf))
    yield "dense", ranker.ranking(dense)
    yield "fused", followed_by(ranker.ranking(found.combined, found.rows), rest)
    served = ranker.ranking(found.fused, found.rows)
    yield "reranked", followed_by([*_reranked(index, found, reranker), *served], rest)


def _reranked(index: Index, found: Candidates, reranker: Reranker | None) -> list[str]:
    """Documents in the order of the cross-encoder, where one is configured."""
    if reranker is None:
        return []
    head = reranker.rerank(found.question, passages(index, found, reranker.depth))
    return [passage.chunk.document_id for passage in head]
