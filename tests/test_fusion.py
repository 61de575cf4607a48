"""Fusion with the arithmetic written out."""

import numpy as np

from service.fusion import BM25_WEIGHT, LATE_INTERACTION_WEIGHT, weighted_sum


def test_the_fused_score_is_the_weighted_sum_of_the_stages() -> None:
    dense, bm25, late = np.array([0.5, 0.1]), np.array([0.0, 1.0]), np.array([0.4, 0.2])

    fused = weighted_sum(dense, bm25, late)

    by_hand = [0.5 + LATE_INTERACTION_WEIGHT * 0.4, 0.1 + BM25_WEIGHT * 1.0 + LATE_INTERACTION_WEIGHT * 0.2]
    np.testing.assert_allclose(fused, by_hand)


def test_a_score_does_not_depend_on_who_else_is_in_the_pool() -> None:
    dense, bm25, late = np.array([0.5, 0.1, 0.9]), np.array([0.0, 1.0, 0.3]), np.array([0.4, 0.2, 0.1])

    np.testing.assert_allclose(weighted_sum(dense, bm25, late)[:2], weighted_sum(dense[:2], bm25[:2], late[:2]))


def test_an_empty_pool_has_no_scores() -> None:
    none = np.empty(0)

    assert weighted_sum(none, none, none).size == 0
