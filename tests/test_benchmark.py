"""The benchmark on a small corpus; it sees what is wrong: each worsened pipeline moves its own figure."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest
from fakes import settings_at, write
from fastapi import FastAPI
from golden_small import Worse, golden
from typer.testing import CliRunner

from cli import canary
from cli.eval import app
from cli.server import build_app
from core.encoder import Encoder
from core.errors import InvalidDataset, PrepError
from core.index import Index
from core.pair_encoder import PairEncoder
from core.settings import Settings
from core.types import Passage
from eval import questions
from eval.canary import Nonce, draw, sing
from eval.golden import every_nth, load_questions
from eval.judging import NoJudge
from eval.metrics import ndcg_at_k
from eval.pipeline import About, Bench, evaluate
from eval.ranking_measures import ranking_measures
from eval.refusal_measures import aurc, f1, risk_coverage
from eval.relevance import Place, Relevant
from eval.report import Report, read_report
from eval.runner import Asked
from eval.stages import SERVED, STAGES, StageRankings, unseen
from eval.targets import InProcess, OverHttp, Target
from ingest.pipeline import ingest
from service.bootstrap import build_pipeline
from service.pipeline import Pipeline
from service.retrieval import Retriever
from service.schemas import AnswerSchema, PassageSchema
from service.verifier.verifier import EmbeddedVerifier

RECALL, NDCG = "retrieval.reranked.card.recall@1", "retrieval.reranked.card.ndcg@10"


@pytest.fixture(scope="module")
def measure(encoder: Encoder) -> Callable[..., Report]:
    verifier = EmbeddedVerifier(encoder, PairEncoder())

    def run(target: Target, stages: Callable[[str], dict] = unseen) -> Report:
        bench = Bench(target, stages, verifier, encoder, NoJudge("not asked for"), "standard")
        return evaluate(golden(), bench, About("a test", "test"), lambda *_: None)

    return run


@pytest.fixture(scope="module")
def target(pipeline: Pipeline) -> InProcess:
    return InProcess(pipeline)


@pytest.fixture(scope="module")
def honest(measure: Callable[..., Report], target: InProcess, pipeline: Pipeline, encoder: Encoder) -> Report:
    return measure(target, StageRankings(pipeline.live, Retriever(encoder, pipeline.settings.retrieval)))


def mean(report: Report, name: str) -> float:
    return report.metrics[name].mean


def test_a_good_pipeline_scores_well(honest: Report) -> None:
    assert honest.counts.failures == 0
    assert mean(honest, "citations.exact") == 1
    assert mean(honest, RECALL) >= 0.9
    assert mean(honest, "answers.key_points") >= 0.8
    assert mean(honest, "citations.precision") >= 0.9


def test_every_stage_is_measured_and_the_served_one_is_last(honest: Report) -> None:
    stages = [name.split(".")[1] for name in honest.metrics if name.endswith("card.ndcg@10")]
    assert stages == [*STAGES, SERVED]


def test_figures_can_be_recomputed_from_the_rows_by_hand(honest: Report) -> None:
    for name in (RECALL, NDCG, "citations.precision", "answers.similarity", "refusal.correct"):
        values = [row.measures[name] or 0.0 for row in honest.rows if name in row.measures]
        assert honest.metrics[name].n == len(values)
        assert honest.metrics[name].mean == pytest.approx(sum(values) / len(values), abs=1e-4)


def test_a_report_survives_its_json(honest: Report) -> None:
    assert Report.model_validate_json(honest.model_dump_json()) == honest


# What is worse must show, and show in the right figure.


class Oracle:
    """A reranker which knows the right card of each golden question."""

    depth = 50

    def rerank(self, question: str, ranked: Sequence[Passage]) -> list[Passage]:
        right = {each.question: f"{each.cards[0]}.md" for each in golden() if each.cards}.get(question)
        return sorted(ranked, key=lambda passage: passage.source != right)


def test_switching_the_reranker_off_costs_ndcg(
    measure: Callable[..., Report], small: Settings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a first stage which is bad on purpose: the worst of the pool comes first."""
    found = Retriever.search

    def upside_down(self: Retriever, *arguments: object) -> object:
        candidates = found(self, *arguments)
        object.__setattr__(candidates, "rows", candidates.rows[::-1])
        return candidates

    monkeypatch.setattr(Retriever, "search", upside_down)
    reports = []
    for reranker in (Oracle(), None):
        pipeline = build_pipeline(small, encoder)
        pipeline._reranker = reranker
        reports.append(measure(InProcess(pipeline)))
        pipeline.live.close()
    on, off = reports

    assert mean(on, NDCG) > 0.95
    assert mean(off, NDCG) < mean(on, NDCG) - 0.3


def shuffled(answer: AnswerSchema) -> AnswerSchema:
    """Every citation shows the words of another place, exactly cut."""
    quote = "Rare words become several tokens."
    return answer.model_copy(
        update={"citations": [citation.model_copy(update={"quote": quote}) for citation in answer.citations]}
    )


def shifted(answer: AnswerSchema) -> AnswerSchema:
    """Every citation points one character beside its quote."""
    moved = [c.model_copy(update={"start": c.start + 1, "end": c.end + 1}) for c in answer.citations]
    return answer.model_copy(update={"citations": moved})


def lied(answer: AnswerSchema) -> AnswerSchema:
    """Every sentence is invented, with the citations left as they are."""
    lie = "Penguins migrate to Antarctica because their salaries depend on quarterly ice auctions."
    sentences = [sentence.model_copy(update={"text": lie}) for sentence in answer.sentences]
    return answer if answer.refused else answer.model_copy(update={"sentences": sentences, "text": lie})


@pytest.mark.parametrize(
    ("spoil", "falls", "stays"),
    [
        pytest.param(shuffled, ("citations.precision", "citations.recall"), (RECALL,), id="citations shuffled"),
        pytest.param(shifted, ("citations.exact",), ("citations.precision", RECALL), id="offsets shifted"),
        pytest.param(
            lied,
            ("citations.precision", "citations.recall", "answers.key_points", "answers.similarity"),
            ("citations.exact", RECALL),
            id="a lying generator",
        ),
    ],
)
def test_a_spoiled_answer_shows_in_the_right_figures(
    spoil: Callable[[AnswerSchema], AnswerSchema],
    falls: tuple[str, ...],
    stays: tuple[str, ...],
    measure: Callable[..., Report],
    target: InProcess,
    honest: Report,
) -> None:
    worse = measure(Worse(target, answers=spoil))

    assert all(mean(worse, name) < mean(honest, name) - 0.5 for name in falls), worse.metrics
    assert all(mean(worse, name) == mean(honest, name) for name in stays)


def test_contexts_of_another_question_cost_recall_and_key_points(
    measure: Callable[..., Report], target: InProcess, honest: Report
) -> None:
    asked = [each.question for each in golden() if each.answerable]
    other = dict(zip(asked, [*asked[1:], asked[0]], strict=True))
    worse = measure(Worse(target, questions=lambda question: other.get(question, question)))

    assert mean(worse, RECALL) == 0
    assert mean(worse, "answers.relevant") < 0.05 < 0.3 < mean(honest, "answers.relevant")
    assert mean(worse, "answers.key_points") < mean(honest, "answers.key_points") - 0.5
    assert mean(worse, "citations.precision") >= 0.9


def test_a_pipeline_that_never_refuses_loses_refusal_recall(
    measure: Callable[..., Report], target: InProcess, honest: Report
) -> None:
    def brazen(answer: AnswerSchema) -> AnswerSchema:
        return answer.model_copy(update={"refused": False, "confidence": 1.0})

    worse = measure(Worse(target, answers=brazen))

    assert mean(honest, "refusal.recall") == 1
    assert mean(worse, "refusal.recall") == 0
    assert "refusal.precision" not in worse.metrics
    assert mean(worse, "refusal.aurc") > mean(honest, "refusal.aurc")


def test_a_question_that_fails_stays_and_counts_as_zero(
    measure: Callable[..., Report], target: InProcess, honest: Report
) -> None:
    def breaks(question: str) -> str:
        if "BM25" in question:
            raise PrepError("the disk is gone", "buy another")
        if "KV cache" in question:
            raise ZeroDivisionError
        return question

    report = measure(Worse(target, questions=breaks))

    assert (report.counts.questions, report.counts.failures) == (10, 2)
    assert report.metrics[RECALL].failures == 2
    assert report.metrics[RECALL].n == honest.metrics[RECALL].n
    assert mean(report, RECALL) == pytest.approx(mean(honest, RECALL) - 2 / 8, abs=1e-3)
    errors = {row.id: row.error for row in report.rows if row.error}
    assert errors == {"bm25": "the disk is gone: buy another", "kv-cache": "ZeroDivisionError: "}


# Measures by hand.


def passage(document_id: str, start: int, end: int) -> PassageSchema:
    scores = {"bm25": 0.0, "dense": 0.0, "late_interaction": 0.0, "fused": 0.0}
    return PassageSchema(
        document_id=document_id, title="", heading_path=[], question=None, source="", text="", start=start, end=end,
        scores=scores,
    )  # fmt: skip


def test_ranking_measures_by_card_and_by_span() -> None:
    """Ranked: wrong card; right card beside the answer; the first of two quotes; both quotes (one is new)."""
    relevant = Relevant(("a",), (Place("a", 10, 20), Place("a", 40, 50)), (), ("a quote that is lost",))
    ranked = [passage("b", 0, 9), passage("a", 0, 9), passage("a", 15, 30), passage("a", 0, 90)]
    found = dict(ranking_measures(Asked(golden()[0], relevant, passages=ranked)))

    assert found["retrieval.reranked.card.recall@1"] == 0
    assert found["retrieval.reranked.card.mrr@10"] == 0.5
    assert found["retrieval.reranked.span.recall@5"] == pytest.approx(2 / 3)
    assert found["retrieval.reranked.span.mrr@10"] == pytest.approx(1 / 3)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    gained = 1 / math.log2(4) + 1 / math.log2(5)
    assert found["retrieval.reranked.span.ndcg@10"] == pytest.approx(gained / ideal)
    assert ndcg_at_k(["b", "a"], {"a": 1.0}, 10) == found["retrieval.reranked.card.ndcg@10"]


def test_refusal_measures_by_hand() -> None:
    absent, refused = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert f1(absent, refused) == 0.5
    confidences, losses = np.array([0.2, 0.9, 0.5]), np.array([1.0, 0.0, 1.0])
    assert risk_coverage(confidences, losses) == [(1 / 3, 0.0), (2 / 3, 0.5), (1.0, pytest.approx(2 / 3))]
    assert risk_coverage(np.array([0.5, 0.5]), np.array([0.0, 1.0])) == [(0.5, 0.5), (1.0, 0.5)]
    assert aurc(confidences, losses) == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)


# The golden set, the canary, the service.


def test_a_limit_takes_questions_from_all_over_the_set() -> None:
    assert [each.id for each in every_nth(golden(), 5)] == [each.id for each in golden()[::2]]
    assert every_nth(golden(), 99) == golden()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param('{"id": "a"}', "line 1: split", id="a field is missing"),
        pytest.param("nonsense", "line 1", id="not JSON"),
        pytest.param('{"id": "a", "split": "dev", "question": "?", "answerable": true}', "has no split", id="split"),
    ],
)
def test_a_bad_golden_file_is_named_with_its_line(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "golden.jsonl").write_text(content)
    with pytest.raises(InvalidDataset, match=message):
        load_questions(tmp_path / "golden.jsonl", "test")


def test_another_corpus_is_not_measured_with_this_golden_set(target: InProcess, measure: Callable[..., Report]) -> None:
    class Elsewhere(Worse):
        def documents(self) -> list:
            return []

    with pytest.raises(InvalidDataset, match="holds none of the 8 cards"):
        measure(Elsewhere(target))


def test_the_canary_comes_back_from_a_live_pipeline_only(small: Settings, encoder: Encoder, target: InProcess) -> None:
    assert canary.in_process(small, encoder, "standard").passed
    assert draw() != draw()
    silent = sing(draw(), target, "standard")
    assert not silent.passed
    nonce = Nonce("Why does L1 regularisation give sparse weights?", "penalty", "")
    untold = sing(nonce, Worse(target, answers=shuffled), "standard")
    assert (untold.passed, "no exact citation" in untold.detail) == (False, True)


@pytest.fixture(scope="module")
def service(
    corpus: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory, serving: Callable[[FastAPI], httpx.Client]
) -> Iterator[OverHttp]:
    settings = settings_at(tmp_path_factory.mktemp("served") / "index")
    ingest([corpus], settings, encoder)
    made = OverHttp(str(serving(build_app(settings)).base_url))
    yield made
    made.close()


def test_a_running_service_gives_the_same_figures(
    service: OverHttp, measure: Callable[..., Report], honest: Report
) -> None:
    report = measure(service)

    shared = [name for name in report.metrics if name in honest.metrics]
    assert len(shared) > 15
    assert {name: mean(report, name) for name in shared} == {name: mean(honest, name) for name in shared}
    assert report.target.startswith("http://127.0.0.1")


def test_the_canary_is_uploaded_and_taken_out_again(service: OverHttp) -> None:
    before = {document.id for document in service.documents()}

    assert canary.over_http(service, "standard").passed
    assert {document.id for document in service.documents()} == before


def test_a_service_that_is_not_there_is_said_so() -> None:
    gone = OverHttp("http://127.0.0.1:9")
    with pytest.raises(PrepError, match="cannot be reached"):
        gone.documents()
    assert not canary.over_http(gone, "standard").passed
    gone.close()


# Questions made of a corpus.


def test_questions_are_made_of_headings_and_aliases_and_can_be_asked(
    encoder: Encoder, measure: Callable[..., Report], tmp_path: Path
) -> None:
    card = '---\nquestion: "How do tides arise?"\naliases: ["why is there an ebb twice a day"]\n---\n'
    body = "The pull of the Moon raises two bulges of water.\n\n## Spring tides\n\nSun and Moon pull together.\n"
    folder = write(
        tmp_path / "sea", tides=card + body, untold="# Notes\n\n## Summary\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    settings = settings_at(tmp_path / "index")
    ingest([folder], settings, encoder)
    with closing(Index.open(settings.index)) as index:
        questions.write(questions.from_index(index), tmp_path / "mine.jsonl")

    made = load_questions(tmp_path / "mine.jsonl", "test")

    assert {each.generated for each in made} == {"embedded"}
    told = {each.question: (each.cards, each.reference, each.tags["kind"]) for each in made}
    assert told["How do tides arise?"] == (["sea/tides"], "The pull of the Moon raises two bulges of water.", "heading")
    assert told["why is there an ebb twice a day"] == (["sea/tides"], "", "alias")
    pipeline = build_pipeline(settings, encoder)
    bench = Bench(
        InProcess(pipeline), unseen, EmbeddedVerifier(encoder, PairEncoder()), encoder, NoJudge(""), "standard"
    )
    report = evaluate(made, bench, About("a test", "test"), lambda *_: None)
    pipeline.live.close()
    assert report.metrics[RECALL].mean == 1
    assert report.metrics["answers.similarity"].n < report.metrics[RECALL].n
    assert "refusal.f1" not in report.metrics


def test_the_command_measures_an_index_and_writes_its_reports(
    small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    questions.write(golden(), tmp_path / "mine.jsonl")
    call = f"--index {small.index.directory} --questions mine.jsonl --limit 4 --no-judge --out out"

    ran = CliRunner().invoke(app, call.split())

    assert ran.exit_code == 0, ran.output
    report = read_report(tmp_path / "out" / "report.json")
    assert report.canary is not None
    assert report.canary.passed
    assert report.cold_start_s is not None
    assert (report.counts.questions, report.judge.kind) == (4, "none")
