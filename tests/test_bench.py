"""`prep bench`: its parts on tiny sizes. What it measures is for people to read, so no test looks at a time."""

import json
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import DIMENSION, HashEncoder, settings_at
from rich.console import Console

import eval.bench
import eval.bench_ingest
import eval.peers
from cli import show_bench
from cli.main import main
from core.encoder import Encoder
from core.index import Index
from core.settings import EncoderSettings, Settings
from eval.bench import BenchReport, Plan, run_bench
from eval.bench_ingest import measure_ingest
from eval.bench_retrieval import measure_lexical
from eval.synthetic import TilingEncoder, questions, vocabulary, write_files, zipf_texts
from eval.timing import alternate, ratio, spread
from ingest.pipeline import ingest

TINY = Plan(sizes=(30,), lexical_size=60, encoded=20, questions=2, ingested=12, rounds=1, clients=4)
WORDS = [f"word{n}" for n in range(500)]


def test_contestants_take_turns_and_the_first_turn_is_not_counted() -> None:
    turns: list[tuple[str, int]] = []

    times = alternate({name: lambda item, name=name: turns.append((name, item)) for name in "AB"}, [1, 2])

    assert turns == [("A", 1), ("B", 1), ("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert {name: len(each) for name, each in times.items()} == {"A": 2, "B": 2}


def test_a_ratio_is_taken_input_by_input() -> None:
    found = ratio({"slow": [0.2, 0.6, 0.8], "fast": [0.1, 0.2, 0.1]}, "slow", "fast")

    assert (found.ratio.low, found.ratio.median, found.ratio.high) == pytest.approx((2.5, 3.0, 5.5))
    assert (found.of_ms.median, found.to_ms.median, found.ratio.n) == pytest.approx((600, 100, 3))
    assert spread([4.0]).low == spread([4.0]).high == 4.0


def test_synthetic_text_is_the_same_each_time_and_follows_zipf() -> None:
    texts = zipf_texts(WORDS, 200)
    drawn = [word.lower().rstrip(".") for text in texts for word in text.split()]
    counts = np.array([drawn.count(word) for word in WORDS[:8]])

    assert texts[:20] == zipf_texts(WORDS, 20)
    assert len(set(texts)) == 200
    assert set(drawn) <= set(WORDS)
    np.testing.assert_allclose(counts[1:] / counts[0], 1 / np.arange(2, 9), rtol=0.15)
    assert all(set(each.removeprefix("What about ").rstrip("?").split()) <= {*drawn} for each in questions(texts, 5))


def test_the_vocabulary_is_whole_words_of_one_token(encoder: Encoder) -> None:
    words = vocabulary(encoder.folder)

    assert len(words) > 15_000
    assert words.index("the") < words.index("weight") < words.index("regression")
    assert {encoder.count_tokens(word) for word in words[::500]} == {1}


def test_files_of_synthetic_text_give_one_chunk_a_text(
    tmp_path: Path, encoder: Encoder, opened: Callable[[Settings], Index]
) -> None:
    texts = zipf_texts(vocabulary(encoder.folder), 45)
    tiling = TilingEncoder(EncoderSettings(), base=10)
    settings = settings_at(tmp_path / "index")
    ingest([write_files(tmp_path / "files", texts)], settings, tiling)
    index = opened(settings)

    assert len(index.chunk_ids) == 45
    np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, atol=1e-5)
    assert len({row.tobytes() for row in np.asarray(index.vectors)}) == 45, "no two chunks share a vector"
    index.require(opened(settings).manifest.fingerprint)


def test_copied_vectors_resemble_what_was_encoded(encoder: Encoder) -> None:
    tiling = TilingEncoder(EncoderSettings(), base=4)
    encoded = tiling.encode([f"text {n}" for n in range(4)])
    copied = tiling.encode([f"copy {n}" for n in range(20)])

    cosines = copied.pooled @ encoded.pooled.T
    assert (cosines.max(axis=1) > 0.8).all()
    assert all(any(tokens is known for known in encoded.tokens) for tokens in copied.tokens)
    np.testing.assert_allclose(tiling.encode(["a question"]).pooled, encoder.encode(["a question"]).pooled, atol=1e-5)


def test_lexical_scores_are_those_of_rank_bm25() -> None:
    documents = [text.split() for text in zipf_texts(WORDS, 80)]

    measured, difference = measure_lexical(documents, questions(zipf_texts(WORDS, 80), 3))

    assert difference < 1e-6
    assert measured.ratios[0].of == "rank_bm25"


def test_every_timed_ingest_writes_an_index_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Path] = []
    monkeypatch.setattr(eval.bench_ingest, "plain_encode", lambda _: lambda texts: np.ones((len(texts), DIMENSION)))

    def recorded(paths: list[Path], settings: Settings, encoder: HashEncoder) -> None:
        places.append(settings.index.directory)
        ingest(paths, settings, encoder)

    measure_ingest(recorded, settings_at(tmp_path), HashEncoder(), zipf_texts(WORDS, 3), 3, tmp_path)

    assert len(places) == len(set(places)) == 5


@pytest.fixture(scope="module")
def report() -> BenchReport:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what peers say of one another is no fault of ours
        return run_bench(TINY, settings_at(Path("unused")), ingest, lambda _: None)


def test_the_whole_bench_measures_everything(report: BenchReport) -> None:
    of = {each.of for each in report.retrieval[30]} | {each.of for each in report.lexical[60]}
    missing = {line.partition(":")[0] for line in report.skipped}

    assert of | missing == {"prep", "LangChain ensemble", "cross-encoder pipeline", "rank_bm25", "bm25s"}
    assert report.lexical_difference < 1e-6
    assert [size.chunks for size in report.sizes] == [30]
    assert report.sizes[0].disk_mb_per_1000 > 0
    assert report.ingest is not None
    assert report.ingest.cosine > 0.99
    assert report.clients is not None
    assert report.clients.clients == 4
    assert report.beside_ingest is not None
    assert report.beside_ingest.answers > 0
    assert report.start is not None
    assert 0 < report.start.imports < 1
    json.dumps(report.as_json())


def test_the_report_reads_as_ratios(report: BenchReport, capsys: pytest.CaptureFixture[str]) -> None:
    show_bench.report(Console(width=200), report)

    out = capsys.readouterr().out
    assert "encoding the question" in out
    assert "rank_bm25" in out
    assert "chunks/s" in out


def test_a_peer_that_is_not_installed_is_skipped_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_bm25s(name: str) -> Any:
        if name == "bm25s":
            raise ImportError("No module named 'bm25s'")
        return import_module(name)

    monkeypatch.setattr(eval.peers, "import_module", without_bm25s)

    measured, _ = measure_lexical([["loss"], ["token"], ["weight"]], ["loss"])

    assert measured.skipped == ["bm25s: No module named 'bm25s'"]
    assert len(measured.ratios) == 1


def test_the_command_prints_one_json_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], report: BenchReport
) -> None:
    plans: list[Plan] = []
    monkeypatch.setattr(eval.bench, "run_bench", lambda plan, *_: plans.append(plan) or report)
    monkeypatch.setattr("sys.argv", ["prep", "bench", "--sizes", "200,3000", "--json"])

    with pytest.raises(SystemExit) as exit_:
        main()

    out = capsys.readouterr().out
    assert (exit_.value.code or 0) == 0
    assert plans[0].sizes == (200, 3_000)
    assert set(json.loads(out)) == set(report.as_json())


@pytest.mark.parametrize("sizes", ["", "many", "10", "1000,-5"])
def test_sizes_are_numbers(sizes: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["prep", "bench", "--sizes", sizes])

    with pytest.raises(SystemExit) as exit_:
        main()

    assert exit_.value.code == 2
    assert "1000,10000" in capsys.readouterr().err
