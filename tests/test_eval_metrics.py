"""Measures by hand, and against ir_measures, an independent library."""

from itertools import pairwise
from math import log2

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from eval.intervals import estimate
from eval.metrics import ndcg_at_k, recall_at_k, reciprocal_rank

IDS = [f"d{n}" for n in range(16)]
GRADES = st.dictionaries(st.sampled_from(IDS), st.integers(-1, 4), min_size=1)
RANKING = st.permutations(IDS).flatmap(lambda ids: st.integers(0, len(ids)).map(lambda n: ids[:n]))
OURS = {
    nDCG @ 10: lambda ranking, grades: ndcg_at_k(ranking, grades, 10),
    nDCG @ 3: lambda ranking, grades: ndcg_at_k(ranking, grades, 3),
    RR @ 10: lambda ranking, grades: reciprocal_rank(ranking, grades, 10),
    R @ 10: lambda ranking, grades: recall_at_k(ranking, grades, 10),
    R @ 100: lambda ranking, grades: recall_at_k(ranking, grades, 100),
}


@settings(deadline=None, max_examples=150)
@given(ranking=RANKING, grades=GRADES.filter(lambda grades: max(grades.values()) > 0))
def test_measures_are_those_of_ir_measures(ranking: list[str], grades: dict[str, int]) -> None:
    judged = [ir_measures.Qrel("q", id_, grade) for id_, grade in grades.items()]
    found = [ir_measures.ScoredDoc("q", id_, float(-rank)) for rank, id_ in enumerate(ranking)]
    expected = ir_measures.calc_aggregate(list(OURS), judged, found)

    assert {name: of(ranking, grades) for name, of in OURS.items()} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        pytest.param(["a", "b", "c"], (1.0, 1.0, 1.0), id="ideal"),
        pytest.param(["b", "a", "c"], (1.0, 1.0, (1 + 3 / log2(3)) / (3 + 1 / log2(3))), id="grades swapped"),
        pytest.param(["c", "x", "b"], (1 / 3, 0.5, 0.5 / (3 + 1 / log2(3))), id="late"),
        pytest.param(["c", "x"], (0.0, 0.0, 0.0), id="nothing relevant"),
        pytest.param([], (0.0, 0.0, 0.0), id="nothing found"),
    ],
)
def test_measures_by_hand(ranking: list[str], expected: tuple[float, float, float]) -> None:
    grades = {"a": 3, "b": 1, "c": 0}

    found = (reciprocal_rank(ranking, grades, 3), recall_at_k(ranking, grades, 3), ndcg_at_k(ranking, grades, 3))

    assert found == pytest.approx(expected)


def test_what_stands_below_k_does_not_count() -> None:
    assert recall_at_k(["x", "a"], {"a": 1}, 1) == reciprocal_rank(["x", "a"], {"a": 1}, 1) == 0
    assert ndcg_at_k(["x", "a"], {"a": 1}, 1) == 0


@pytest.mark.parametrize("measure", [recall_at_k, reciprocal_rank, ndcg_at_k])
def test_without_a_relevant_document_everything_is_zero(measure: object) -> None:
    assert callable(measure)
    assert measure(["a"], {"a": 0}, 10) == 0.0
    assert measure(["a"], {}, 10) == 0.0


def test_an_interval_holds_its_mean_and_narrows_with_more_questions() -> None:
    values = np.random.default_rng(0).random(1_600)

    found = [estimate(values[:n].tolist()) for n in (25, 100, 400, 1_600)]

    assert all(each.low < each.mean < each.high for each in found)
    assert all(a.high - a.low > b.high - b.low for a, b in pairwise(found))
    # The interval of a mean is about 1.96 standard errors to each side.
    assert found[-1].high - found[-1].low == pytest.approx(2 * 1.96 * values.std() / 40, rel=0.1)


def test_an_interval_is_the_same_each_time() -> None:
    assert estimate([0.0, 1.0, 0.5]) == estimate([0.0, 1.0, 0.5])
    assert (estimate([0.25]).low, estimate([0.25]).high, estimate([0.25]).n) == (0.25, 0.25, 1)
