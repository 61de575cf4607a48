"""`prep eval retrieval` over small datasets in BEIR's layout."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, settings_at

import cli.measure
from cli.main import main
from core.errors import InvalidDataset
from core.index import Index
from core.settings import RetrievalSettings, Settings
from core.text import terms
from core.types import Document
from eval.beir import load_beir
from eval.rankings import DocumentRanker, followed_by
from eval.retrieval import MEASURES, STAGES, measure
from ingest.pipeline import ingest, ingest_documents
from service.retrieval import Retriever

CORPUS = {
    "d1": ("Sparse weights", "The L1 penalty drives weights to zero."),
    "d2": ("", "Dropout removes random units in each step."),
    "a:b": ("Lexical search", "BM25 saturates the frequency of a term. " * 30),
    "d4": ("Same", "The very same words."),
    "d5": ("Same", "The very same words."),
}
QUERIES = {"q1": "L1 penalty sparse weights", "q2": "frequency of a term", "q3": "zzqx", "q4": "never judged"}
QRELS = ["q1\td1\t2", "q1\td2\t1", "q2\ta:b\t1", "q3\td2\t1", "q4\td1\t0", "q9\td1\t1"]


def beir(folder: Path, corpus: str | None = None, queries: str | None = None, qrels: str | None = None) -> Path:
    """A dataset in BEIR's layout; single files as given."""
    (folder / "qrels").mkdir(parents=True)
    rows = [json.dumps({"_id": id_, "title": title, "text": text}) for id_, (title, text) in CORPUS.items()]
    asked = [json.dumps({"_id": id_, "text": text}) for id_, text in QUERIES.items()]
    (folder / "corpus.jsonl").write_text(corpus if corpus is not None else "\n".join(rows) + "\n\n")
    (folder / "queries.jsonl").write_text(queries if queries is not None else "\n".join(asked))
    judged = "\n".join(["query-id\tcorpus-id\tscore", *QRELS])
    (folder / "qrels" / "test.tsv").write_text(qrels if qrels is not None else judged)
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return beir(tmp_path / "tiny")


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Runs `prep eval retrieval` with an encoder without weights; the encoder counts what it encodes."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object, encoder: HashEncoder | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(cli.measure, "Encoder", lambda _: encoder or HashEncoder())
        monkeypatch.setattr("sys.argv", ["prep", "eval", "retrieval", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        return int(exit_.value.code or 0), *capsys.readouterr()

    return call


def test_a_dataset_keeps_only_queries_with_a_relevant_document(dataset: Path) -> None:
    found = load_beir(dataset, "test")

    assert found.queries == {id_: QUERIES[id_] for id_ in ("q1", "q2", "q3")}
    assert found.grades["q1"] == {"d1": 2.0, "d2": 1.0}
    assert found.left_out == 2
    assert [(each.id, each.title) for each in found.documents][2] == ("a:b", "Lexical search")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"corpus": "{}"}, r'corpus.jsonl, line 1 is no object with "_id" and "text"', id="no id"),
        pytest.param({"corpus": '{"_id": "1", "text": "a"}\nnot json'}, "line 2 is not JSON", id="no JSON"),
        pytest.param({"corpus": '{"_id": 1, "text": "a"}\n{"_id": "1", "text": "b"}'}, "line 2.* twice", id="twice"),
        pytest.param({"corpus": "\n"}, "holds no documents", id="no documents"),
        pytest.param({"queries": '{"_id": "q1"}'}, "queries.jsonl, line 1", id="query without text"),
        pytest.param({"qrels": "query-id\tcorpus-id\tscore\nq1\td1\n"}, "test.tsv, line 2", id="two columns"),
        pytest.param({"qrels": "q1\td1\t1\nq1\td2\tgood"}, "test.tsv, line 2", id="grade in words"),
        pytest.param({"qrels": "query-id\tcorpus-id\tscore\n"}, "no query", id="no grades"),
        pytest.param({"qrels": "q1\td1\t0"}, "no query .* has a relevant document", id="nothing relevant"),
    ],
)
def test_a_malformed_line_is_named(files: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match=message):
        load_beir(beir(tmp_path / "bad", **files), "test")


def test_what_is_missing_is_named(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match=r"no dataset in .*nowhere"):
        load_beir(tmp_path / "nowhere", "test")
    with pytest.raises(InvalidDataset, match=r"no split 'dev'.*there is test"):
        load_beir(dataset, "dev")
    (dataset / "queries.jsonl").unlink()
    with pytest.raises(InvalidDataset, match=r"queries\.jsonl cannot be read"):
        load_beir(dataset, "test")


def test_grades_need_no_header(tmp_path: Path) -> None:
    assert load_beir(beir(tmp_path / "bare", qrels="q1\td1\t1\n"), "test").grades == {"q1": {"d1": 1.0}}


@pytest.fixture
def index(dataset: Path, tmp_path: Path, opened: Callable[[Settings], Index]) -> Index:
    settings = settings_at(tmp_path / "index")
    ingest_documents(load_beir(dataset, "test").documents, settings, HashEncoder())
    return opened(settings)


def test_documents_are_indexed_under_their_own_ids_and_in_several_chunks(index: Index) -> None:
    assert set(index.manifest.documents) == set(CORPUS)
    assert index.manifest.documents["a:b"].chunks > 1
    assert index.document("a:b").text == CORPUS["a:b"][1]


def test_documents_give_the_chunks_that_files_give(tmp_path: Path, opened: Callable[[Settings], Index]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "one.md").write_text("# Title\n\n" + "Some words of a longer text. " * 40)
    from_files, from_documents = settings_at(tmp_path / "files"), settings_at(tmp_path / "documents")
    ingest([tmp_path / "docs"], from_files, HashEncoder())
    expected = opened(from_files)
    document = expected.document(next(iter(expected.manifest.documents)))

    assert ingest_documents([document], from_documents, HashEncoder()) == len(expected.chunk_ids)

    found = opened(from_documents)
    assert found.store.get(found.chunk_ids) == expected.store.get(expected.chunk_ids)
    np.testing.assert_array_equal(found.vectors, expected.vectors)


def test_indexing_documents_replaces_what_was_there(tmp_path: Path, opened: Callable[[Settings], Index]) -> None:
    settings = settings_at(tmp_path / "index")
    for id_ in ("old", "new"):
        ingest_documents([Document(id_, id_, f"the {id_} text", (id_,))], settings, HashEncoder())

    assert list(opened(settings).manifest.documents) == ["new"]


def test_a_document_is_as_good_as_its_best_chunk(index: Index) -> None:
    ranker = DocumentRanker(index)
    scores = np.zeros(len(index.chunk_ids))
    scores[index.row_of["a:b:1"]] = 3.0
    scores[index.row_of["d1:0"]] = 2.0

    assert ranker.ranking(scores) == ["a:b", "d1", "d5", "d4", "d2"]
    assert ranker.ranking(np.array([1.0]), np.array([index.row_of["d2:0"]])) == ["d2"]
    assert ranker.ranking(np.full(len(scores), -np.inf)) == []


def test_a_ranking_is_followed_by_what_another_one_adds() -> None:
    assert followed_by(["b", "a"], ["a", "c", "b"]) == ["b", "a", "c"]
    assert len(followed_by([], [str(n) for n in range(300)])) == 100


def test_every_stage_ranks_every_document_of_a_small_corpus(dataset: Path, index: Index) -> None:
    found = load_beir(dataset, "test")

    stages = measure(found, index, Retriever(HashEncoder(), RetrievalSettings(pool=1)), None, lambda *_: None)

    assert tuple(stages) == STAGES
    for stage in ("dense", "fused", "reranked"):
        assert stages[stage]["recall@100"].mean == 1.0, "what the pool left out follows it"
    assert stages["bm25"]["recall@100"].mean == pytest.approx((0.5 + 1 + 0) / 3), "an unknown word finds nothing"


def test_the_bm25_stage_ranks_by_the_lexical_index(dataset: Path, index: Index) -> None:
    best = int(np.argmax(index.lexical.scores(terms(QUERIES["q1"]))))
    stages = measure(
        load_beir(dataset, "test"), index, Retriever(HashEncoder(), RetrievalSettings()), None, lambda *_: None
    )

    assert index.chunk_ids[best] == "d1:0"
    assert stages["bm25"]["mrr@10"].mean == pytest.approx(2 / 3)


def test_the_report_as_json(dataset: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("--dataset", dataset, "--json")

    found = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert (found["dataset"], found["split"], found["documents"], found["queries"]) == ("tiny", "test", 5, 3)
    assert list(found["stages"]) == list(STAGES)
    for of in found["stages"].values():
        assert list(of) == list(MEASURES)
        for each in of.values():
            assert set(each) == {"mean", "low", "high", "n"}
            assert 0 <= each["low"] <= each["mean"] <= each["high"] <= 1
            assert each["n"] == 3


def test_the_report_as_a_table(dataset: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("--dataset", dataset)

    assert code == 0
    assert all(stage in out for stage in STAGES)
    assert "2 without a relevant document left out" in out


def test_a_second_call_with_a_cache_encodes_questions_only(
    dataset: Path, tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    first, second, other = HashEncoder(), HashEncoder(), HashEncoder("another")
    words = ("--dataset", dataset, "--json", "--cache", tmp_path / "cache")

    reports = [json.loads(run(*words, encoder=encoder)[1]) for encoder in (first, second)]

    assert reports[0]["stages"] == reports[1]["stages"]
    assert first.encoded > second.encoded == 3
    assert run(*words, encoder=other)[0] == 0
    assert other.encoded == first.encoded, "another encoder makes another index"


def test_without_a_cache_nothing_is_left(dataset: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    before = sorted(dataset.parent.rglob("*"))

    assert run("--dataset", dataset)[0] == 0
    assert sorted(dataset.parent.rglob("*")) == before


@pytest.mark.parametrize("words", [["--dataset", "nowhere"], ["--dataset", "tiny", "--split", "dev"], []])
def test_a_wrong_call_ends_with_two(words: list[str], dataset: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run(*words)

    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err
