"""BM25 as `rank_bm25` defines it, laid out once as a sparse term × chunk matrix: a query touches its own terms only.

rank_bm25 scores every chunk for every query; its idf and length statistics are taken from it, and the scores are equal.
"""

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

# rank_bm25's default.
_K1 = 1.5
_ARRAYS = ("starts", "chunks", "weights")


class LexicalIndex:
    """Row `t` of the matrix holds what term `t` adds to the score of each chunk that contains it."""

    def __init__(
        self,
        vocabulary: dict[str, int],
        idf: NDArray[np.float64],
        size: int,
        starts: NDArray[np.int64],
        chunks: NDArray[np.int32],
        weights: NDArray[np.float64],
    ) -> None:
        self.vocabulary = vocabulary
        self.idf = idf
        self.size = size
        self.starts = starts
        self.chunks = chunks
        self.weights = weights

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> "LexicalIndex":
        """From the terms of each chunk, in the order of the index's rows."""
        if not any(documents):
            none = np.empty(0)
            return cls({}, none, len(documents), np.zeros(1, np.int64), np.empty(0, np.int32), none)
        model = BM25Okapi(documents, k1=_K1)
        vocabulary = {term: row for row, term in enumerate(model.idf)}
        idf = np.fromiter(model.idf.values(), np.float64, len(vocabulary))
        lengths = np.asarray(model.doc_len, np.float64)
        counts = [len(frequencies) for frequencies in model.doc_freqs]
        chunk = np.repeat(np.arange(len(documents), dtype=np.int32), counts)
        term = np.fromiter((vocabulary[t] for f in model.doc_freqs for t in f), np.int64, sum(counts))
        tf = np.fromiter(chain.from_iterable(f.values() for f in model.doc_freqs), np.float64, sum(counts))
        norm = model.k1 * (1 - model.b + model.b * lengths / model.avgdl)
        weight = idf[term] * tf * (model.k1 + 1) / (tf + norm[chunk])
        by_term = np.argsort(term, kind="stable")
        starts = np.searchsorted(term[by_term], np.arange(len(vocabulary) + 1))
        return cls(vocabulary, idf, len(documents), starts, chunk[by_term], weight[by_term])

    def scores(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """BM25 of every chunk `(size,)`; a term that occurs twice in the question counts twice."""
        scores = np.zeros(self.size)
        for row in (self.vocabulary[term] for term in terms if term in self.vocabulary):
            span = slice(self.starts[row], self.starts[row + 1])
            scores[self.chunks[span]] += self.weights[span]
        return scores

    def upper_bound(self, terms: Sequence[str]) -> float:
        """What no chunk can exceed: each distinct term of the query that is known, at endless frequency; at least 1."""
        rows = {self.vocabulary[term] for term in terms if term in self.vocabulary}
        return max(1.0, (_K1 + 1) * float(sum(max(self.idf[row], 0.0) for row in rows)))

    def save(self, folder: Path) -> None:
        """Write into an existing folder."""
        (folder / "terms.json").write_text(json.dumps({"size": self.size, "vocabulary": self.vocabulary}))
        np.save(folder / "idf.npy", self.idf)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """Map the arrays from disk; only rows that a query touches are read."""
        head = json.loads((folder / "terms.json").read_text())
        arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _ARRAYS}
        return cls(head["vocabulary"], np.load(folder / "idf.npy"), head["size"], **arrays)
