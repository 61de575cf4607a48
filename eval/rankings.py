"""From scores of chunks to a ranking of documents: a document is as good as its best chunk."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.index import Index

Scores = NDArray[np.float64]
# What the deepest measure reads.
DEPTH = 100


class DocumentRanker:
    """Ranks the documents of one index; equal scores stand in falling order of the ids, as in trec_eval."""

    def __init__(self, index: Index) -> None:
        of_row = [id_.rpartition(":")[0] for id_ in index.chunk_ids]
        self._ids = np.array(sorted(set(of_row), reverse=True), dtype=object)
        place = {id_: position for position, id_ in enumerate(self._ids)}
        self._document = np.array([place[id_] for id_ in of_row], np.int64)

    def ranking(self, scores: Scores, rows: NDArray[np.int64] | None = None) -> list[str]:
        """The best documents by the scores of all chunks, or of `rows`; a chunk at `-inf` was not found."""
        best = np.full(len(self._ids), -np.inf)
        np.maximum.at(best, self._document if rows is None else self._document[rows], scores)
        order = np.argsort(-best, kind="stable")[:DEPTH]
        return [str(id_) for id_ in self._ids[order[np.isfinite(best[order])]]]


def followed_by(first: Sequence[str], rest: Sequence[str]) -> list[str]:
    """A ranking, then what another one adds to it."""
    return list(dict.fromkeys([*first, *rest]))[:DEPTH]
