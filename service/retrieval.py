"""Question → passages: a pool from dense and lexical search, three scores for every candidate, one fused ranking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.encoder import Encoder, Encoding, Floats
from core.index import Index
from core.settings import RetrievalSettings
from core.text import terms
from core.types import Passage, Scores
from service.fusion import FEEDBACK_WEIGHT, feedback, weighted_sum
from service.gate import COMPUTING

Filters = Mapping[str, Sequence[str]]
Rows = NDArray[np.int64]
# Chunks up to which all are compared: 30,000 cosines take 1.3 ms, and so does Chroma's graph at any size.
EXACT_SEARCH = 30_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pool for a question with its scores by stage, best first.

    `combined` is the sum of the three before feedback, `fused` the sum that ranks; `matches (n, m)` are the best
    cosines of each candidate by token of the question.
    """

    question: str
    encoded: Encoding
    rows: Rows
    bm25: NDArray[np.float64]
    dense: NDArray[np.float64]
    late_interaction: NDArray[np.float64]
    combined: NDArray[np.float64]
    fused: NDArray[np.float64]
    matches: Floats

    def scores(self, position: int) -> Scores:
        return Scores(
            bm25=float(self.bm25[position]),
            dense=float(self.dense[position]),
            late_interaction=float(self.late_interaction[position]),
            fused=float(self.fused[position]),
        )


class Retriever:
    """Hybrid retrieval over one open index."""

    def __init__(self, encoder: Encoder, settings: RetrievalSettings) -> None:
        self._encoder = encoder
        self._settings = settings

    def warm_up(self) -> None:
        """Load the encoder now rather than with the first question."""
        self._encoder.encode(["warm up"])

    def search(self, index: Index, question: str, filters: Filters) -> Candidates:
        """The whole pool, ranked."""
        with COMPUTING:
            return self._search(index, question, filters)

    def _search(self, index: Index, question: str, filters: Filters) -> Candidates:
        encoded = self._encoder.encode([question])
        asked = terms(question)
        bm25 = index.lexical.scores(asked)
        rows = self._pool(index, encoded.pooled[0], bm25, filters)
        matches = index.tokens.best_matches(encoded.tokens[0], rows)
        vectors = index.vectors[rows]
        dense = cosines(vectors, encoded.pooled[0]).astype(np.float64) if len(rows) else np.empty(0)
        late_interaction = matches.mean(axis=1, dtype=np.float64) if matches.size else np.zeros(len(rows))
        combined = weighted_sum(dense, bm25[rows] / index.lexical.upper_bound(asked), late_interaction)
        fused = combined + FEEDBACK_WEIGHT * feedback(combined, vectors)
        order = np.argsort(-fused, kind="stable")
        return Candidates(
            question=question,
            encoded=encoded,
            rows=rows[order],
            bm25=bm25[rows][order],
            dense=dense[order],
            late_interaction=late_interaction[order],
            combined=combined[order],
            fused=fused[order],
            matches=matches[order],
        )

    def _pool(self, index: Index, vector: Floats, bm25: NDArray[np.float64], filters: Filters) -> Rows:
        """Best rows of dense search ∪ best rows of lexical search; a filter is applied before, exactly."""
        size = min(self._settings.pool, len(bm25))
        if not size:
            return np.empty(0, np.int64)
        if any(filters.values()):
            allowed = np.flatnonzero(index.rows_matching(filters))
            dense_rows = allowed[best(cosines(index.vectors[allowed], vector), size)]
            lexical_rows = allowed[best(bm25[allowed], size)]
        else:
            dense_rows = nearest(index, vector, size)
            lexical_rows = best(bm25, size)
        return np.union1d(dense_rows, lexical_rows[bm25[lexical_rows] > 0])


def nearest(index: Index, vector: Floats, k: int) -> Rows:
    """The `k` rows of highest cosine: exact in an index of up to `EXACT_SEARCH` chunks, by Chroma's graph above."""
    if len(index.vectors) <= EXACT_SEARCH:
        return best(cosines(index.vectors, vector), k)
    return np.array([index.row_of[id_] for id_, _ in index.store.nearest(vector, k)], dtype=np.int64)


def cosines(vectors: Floats, vector: Floats) -> Floats:
    """Of unit vectors `(n, dim)` with one `(dim,)`; on one thread, as BLAS's own wait for one another on busy cores."""
    return np.asarray(np.vecdot(vectors, vector), np.float32)


def best(scores: NDArray[np.floating], k: int) -> Rows:
    """Positions of the `k` highest scores, best first."""
    k = min(k, len(scores))
    if not k:
        return np.empty(0, np.int64)
    top = np.argpartition(-scores, k - 1)[:k]
    return top[np.argsort(-scores[top], kind="stable")]


def passages(index: Index, candidates: Candidates, k: int) -> list[Passage]:
    """The first `k` candidates with their texts."""
    chunks = index.chunks([int(row) for row in candidates.rows[:k]])
    found = []
    for position, chunk in enumerate(chunks):
        record = index.record(chunk.document_id)
        found.append(Passage(chunk, record.title, record.sources[0], candidates.scores(position)))
    return found
