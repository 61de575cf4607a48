"""Rankings of the stages before the served one, for the ablation: the same retriever over the same index."""

from collections.abc import Iterable

import numpy as np

from core.index import Index
from core.live_index import LiveIndex
from core.text import terms
from eval.relevance import Place
from eval.runner import DEPTH, Stages
from service.retrieval import Retriever, best

STAGES = ("bm25", "dense", "fused")
SERVED = "reranked"


class StageRankings:
    """Calling it ranks the chunks for a question by each stage alone."""

    def __init__(self, live: LiveIndex, retriever: Retriever) -> None:
        self._live = live
        self._retriever = retriever

    def __call__(self, question: str) -> Stages:
        with self._live.reading() as index:
            found = self._retriever.search(index, question, {})
            bm25 = index.lexical.scores(terms(question))
            lexical = best(bm25, DEPTH)
            dense = best(index.vectors @ found.encoded.pooled[0], DEPTH)
            fused = found.rows[np.argsort(-found.combined, kind="stable")][:DEPTH]
            ranked = (lexical[bm25[lexical] > 0], dense, fused)
            return {stage: _places(index, rows) for stage, rows in zip(STAGES, ranked, strict=True)}


def unseen(_: str) -> Stages:
    """The stages of a target that shows none."""
    return {}


def _places(index: Index, rows: Iterable[int]) -> list[Place]:
    return [Place(chunk.document_id, chunk.start, chunk.end) for chunk in index.chunks([int(row) for row in rows])]
