"""The sparse BM25 against `rank_bm25`, which it lays out anew."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from core.lexical import LexicalIndex

TERMS = st.sampled_from(["loss", "weight", "token", "chunk", "prior", "recall"])
DOCUMENTS = st.lists(st.lists(TERMS, max_size=8), min_size=1, max_size=7)
QUESTION = st.lists(st.one_of(TERMS, st.just("unknown")), max_size=6)


@settings(deadline=None, max_examples=200)
@given(documents=DOCUMENTS.filter(any), question=QUESTION)
def test_scores_are_those_of_rank_bm25(documents: list[list[str]], question: list[str]) -> None:
    expected = BM25Okapi(documents).get_scores(question)

    np.testing.assert_allclose(LexicalIndex.build(documents).scores(question), expected, atol=1e-6)


def test_a_term_asked_twice_counts_twice() -> None:
    index = LexicalIndex.build([["loss"], ["token"], ["weight"], []])

    once = index.scores(["loss"])

    assert once[0] > 0
    np.testing.assert_allclose(index.scores(["loss", "loss"]), 2 * once)


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param([], id="no documents"),
        pytest.param([[], []], id="empty documents"),
        pytest.param([["loss", "loss"], [], ["token"]], id="one empty among others"),
    ],
)
def test_an_index_is_the_same_after_saving_and_loading(documents: list[list[str]], tmp_path: Path) -> None:
    index = LexicalIndex.build(documents)
    index.save(tmp_path)

    loaded = LexicalIndex.load(tmp_path)

    assert loaded.vocabulary == index.vocabulary
    assert loaded.scores(["loss", "token", "unknown"]).tolist() == index.scores(["loss", "token", "unknown"]).tolist()
    assert len(loaded.scores([])) == len(documents)
