"""The pool, its scores and its filters, over the small index with the packaged encoder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, settings_at, write

from core.encoder import Encoder
from core.errors import InvalidFilter
from core.index import Index
from core.settings import RetrievalSettings, Settings
from core.text import terms
from ingest.pipeline import ingest
from service import retrieval
from service.retrieval import Candidates, Retriever, passages

QUESTION = "Why does L1 give sparse weights?"


@pytest.fixture
def index(small: Settings, opened: Callable[[Settings], Index]) -> Index:
    return opened(small)


def search(encoder: Encoder, index: Index, question: str, pool: int = 50, **filters: list[str]) -> Candidates:
    return Retriever(encoder, RetrievalSettings(pool=pool)).search(index, question, filters)


@pytest.mark.parametrize(
    "filters", [pytest.param({}, id="searched"), pytest.param({"topic": ["rag", "classical-ml"]}, id="filtered")]
)
def test_the_pool_is_the_best_of_dense_and_the_best_of_lexical_search(
    filters: dict[str, list[str]], encoder: Encoder, index: Index
) -> None:
    question = "rare error codes and the token limit"
    dense = index.vectors @ encoder.encode([question]).pooled[0]
    bm25 = index.lexical.scores(terms(question))
    allowed = index.rows_matching(filters)
    expected = {
        row
        for scores in (dense, bm25)
        for row in np.argsort(-np.where(allowed, scores, -9))[:2]
        if bm25[row] > 0 or scores is dense
    }

    assert set(search(encoder, index, question, pool=2, **filters).rows.tolist()) == expected


@pytest.mark.parametrize("question", [QUESTION, "rare error codes and the token limit", "7"])
@pytest.mark.parametrize("pool", [3, 50])
def test_exact_search_and_chroma_give_the_same_passages(
    question: str, pool: int, encoder: Encoder, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = search(encoder, index, question, pool=pool)
    monkeypatch.setattr(retrieval, "EXACT_SEARCH", 0)
    asked: list[int] = []
    real = index.store.nearest
    monkeypatch.setattr(index.store, "nearest", lambda vector, k: asked.append(k) or real(vector, k))

    by_graph = search(encoder, index, question, pool=pool)

    assert asked == [min(pool, len(index.chunk_ids))]
    assert passages(index, exact, 8) == passages(index, by_graph, 8)
    assert exact.rows.tolist() == by_graph.rows.tolist()


def test_every_candidate_has_all_three_scores(encoder: Encoder, index: Index) -> None:
    found = search(encoder, index, QUESTION)
    encoded = encoder.encode([QUESTION])

    np.testing.assert_allclose(found.bm25, index.lexical.scores(terms(QUESTION))[found.rows])
    np.testing.assert_allclose(found.dense, index.vectors[found.rows] @ encoded.pooled[0], atol=1e-6)
    best = index.tokens.best_matches(encoded.tokens[0], found.rows).mean(axis=1)
    np.testing.assert_allclose(found.late_interaction, best, atol=1e-6)
    assert (np.diff(found.fused) <= 0).all(), "best first"
    assert passages(index, found, 1)[0].chunk.question == "Why does L1 regularisation give sparse weights?"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"role": ["data-scientist"]}, {"metrics.md", "failure.md"}, id="one tag"),
        pytest.param({"topic": ["rag", "behavioural"]}, {"bm25.md", "chunking.md", "failure.md"}, id="either value"),
        pytest.param({"role": ["ai-engineer"], "topic": ["rag"]}, {"bm25.md", "chunking.md"}, id="both tags"),
        pytest.param({"source": ["kv-"]}, {"kv-cache.md"}, id="part of the source"),
        pytest.param({"level": ["senior"]}, set(), id="nothing"),
        pytest.param({"topic": ["ra"]}, set(), id="no half values"),
    ],
)
def test_a_filter_is_exact(filters: dict[str, list[str]], expected: set[str], encoder: Encoder, index: Index) -> None:
    found = passages(index, search(encoder, index, QUESTION, **filters), 100)

    assert {passage.source.removeprefix("corpus/") for passage in found} == expected


def test_an_unknown_filter_names_the_known_ones(encoder: Encoder, index: Index) -> None:
    with pytest.raises(InvalidFilter, match="use one of role, topic"):
        search(encoder, index, QUESTION, colour=["blue"])


@pytest.mark.parametrize("k", [1, 3, 1_000])
def test_k_bounds_the_passages_and_may_exceed_the_corpus(k: int, encoder: Encoder, index: Index) -> None:
    found = passages(index, search(encoder, index, QUESTION, pool=1_000), k)

    assert len(found) == min(k, len(index.chunk_ids))
    assert len({passage.chunk.id for passage in found}) == len(found)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("was ist Überanpassung — 过拟合 🤔?", id="unicode and emoji"),
        pytest.param("what is it about, and why?", id="stop words only"),
        pytest.param("weights " * 500, id="4,000 characters"),
        pytest.param("zzxqv wrrgh", id="unknown words"),
        pytest.param("x" * 4_000, id="one long word"),
        pytest.param("7", id="one digit"),
    ],
)
def test_any_question_gives_finite_scores(question: str, encoder: Encoder, index: Index) -> None:
    found = search(encoder, index, question)

    assert len(found.rows) > 0
    for scores in (found.bm25, found.dense, found.late_interaction, found.fused):
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("filters", [pytest.param({}, id="plain"), pytest.param({"role": ["x"]}, id="filtered")])
def test_an_empty_index_gives_no_candidates(
    filters: dict[str, list[str]], tmp_path: Path, opened: Callable[[Settings], Index]
) -> None:
    (tmp_path / "docs").mkdir()
    settings = settings_at(tmp_path / "index")
    ingest([tmp_path / "docs"], settings, HashEncoder())
    index = opened(settings)

    found = Retriever(HashEncoder(), RetrievalSettings()).search(index, QUESTION, filters)

    assert len(found.rows) == len(found.matches) == 0
    assert passages(index, found, 8) == []


@pytest.mark.parametrize("largest", [pytest.param(0, id="by Chroma"), pytest.param(1_000, id="exactly")])
def test_a_large_pool_is_filled_from_a_large_index(
    largest: int, tmp_path: Path, opened: Callable[[Settings], Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "EXACT_SEARCH", largest)
    text = "# Many\n\n" + "\n\n".join(f"## Question {n}: what is w{n}?\n\nIt is v{n}." for n in range(400))
    settings = settings_at(tmp_path / "index")
    ingest([write(tmp_path / "docs", many=text)], settings, HashEncoder())

    found = Retriever(HashEncoder(), RetrievalSettings(pool=400)).search(opened(settings), "why of it", {})

    assert len(found.rows) == 400
