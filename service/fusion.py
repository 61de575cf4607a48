"""One score out of several, on an absolute scale: pure functions, scores in, scores out."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

# Chosen on SciFact's train queries and on public interview questions; docs/retrieval.md has the ablation.
BM25_WEIGHT = 0.8
LATE_INTERACTION_WEIGHT = 2.0
FEEDBACK_WEIGHT = 0.6
_FEEDBACK_PASSAGES = 5
_FEEDBACK_SHARPNESS = 20.0


def weighted_sum(dense: Scores, bm25: Scores, late_interaction: Scores) -> Scores:
    """Convex combination (Bruch et al., arXiv:2210.11934) of cosines and of BM25 as a share of the query's upper bound.

    Unlike rank fusion it keeps how far apart scores are; unlike z-scores it does not depend on who else is in the pool.
    """
    return dense + BM25_WEIGHT * bm25 + LATE_INTERACTION_WEIGHT * late_interaction


def feedback(fused: Scores, vectors: NDArray[np.float32]) -> Scores:
    """Cosine of each candidate `(n, dim)` with the centre of the best few (pseudo-relevance feedback, Rocchio 1971).

    The centre weighs the best candidates by a softmax of their scores, so one clear winner speaks for itself.
    """
    if not len(fused):
        return fused
    best = np.argsort(-fused, kind="stable")[:_FEEDBACK_PASSAGES]
    weights = np.exp(_FEEDBACK_SHARPNESS * (fused[best] - fused[best[0]]))
    centre = weights @ vectors[best]
    return np.asarray(vectors @ (centre / max(float(np.linalg.norm(centre)), 1e-9)), np.float64)
