"""Follow-up questions: written out in full, they find what the same question asked in full finds."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_openai import fails, hangs, says, speaking
from fakes import settings_at, write

from core.encoder import Encoder
from core.settings import LanguageModelSettings, Settings
from core.types import Turn
from ingest.pipeline import ingest
from service.bootstrap import build_pipeline
from service.deadline import Deadline
from service.followups import FollowUps, leans_on_others
from service.openai_model import OpenAIModel
from service.pipeline import Pipeline, Request

DATA = Path(__file__).parents[1] / "data"
GOLDEN = [json.loads(line) for line in (DATA / "golden" / "followups.jsonl").read_text(encoding="utf-8").splitlines()]
CARDS = {path.relative_to(DATA / "corpus").with_suffix("").as_posix(): path for path in (DATA / "corpus").rglob("*.md")}
# What the rule reached of 52 when it was written; in full they reached 52 and 52, the follow-ups alone 27 and 41.
HIT_AT_1, RECALL_AT_8 = 51, 51
L1 = "Why does L1 regularisation give sparse weights?"


def standalone(question: str, *earlier: str) -> str:
    return FollowUps().standalone(question, [Turn(each) for each in earlier], Deadline(5))


@pytest.mark.parametrize(
    ("question", "earlier", "expected"),
    [
        pytest.param("When would you not use it?", [L1], "L1 regularisation give sparse weights: ", id="pronoun"),
        pytest.param("And for text?", [L1], "L1 regularisation give sparse weights: ", id="opener"),
        pytest.param("Why?", ["What is a KV cache?"], "KV cache: ", id="ellipsis"),
        pytest.param("Why?", [L1, "What is a KV cache?", "How large is it?"], "KV cache; large is it: ", id="chain"),
        pytest.param("What are the drawbacks?", ["Explain dropout."], "dropout: ", id="no topic of its own"),
        pytest.param("What is dropout?", [L1], "", id="a definition"),
        pytest.param("How does PCA work, and when should you avoid it?", [L1], "", id="a pronoun with its noun"),
        pytest.param("How long does it take to train a transformer?", [L1], "", id="a pronoun for nothing"),
        pytest.param("And for text?", [], "", id="no history"),
    ],
)
def test_what_leans_on_an_earlier_question_gets_its_topic(question: str, earlier: list[str], expected: str) -> None:
    assert standalone(question, *earlier) == expected + question


def test_few_questions_that_stand_by_themselves_are_taken_for_follow_ups() -> None:
    lines = (DATA / "golden" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    leaning = [question for line in lines if leans_on_others(question := json.loads(line)["question"])]

    assert len(leaning) / len(lines) <= 0.08


def test_the_golden_follow_ups_are_about_cards_of_the_bank() -> None:
    assert len(GOLDEN) >= 30
    assert len({row["id"] for row in GOLDEN}) == len(GOLDEN)
    for row in GOLDEN:
        assert row["history"]
        assert row["cards"]
        assert set(row["cards"]) <= set(CARDS)


@pytest.fixture(scope="module")
def leads(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Sixty cards, those of the golden set among them, cut to question and first paragraph: indexed in seconds."""
    folder = tmp_path_factory.mktemp("leads")
    asked = {name for row in GOLDEN for name in row["cards"]}
    for name in [*sorted(asked), *sorted(set(CARDS) - asked)][:60]:
        card = CARDS[name].read_text(encoding="utf-8").split("\n## ")[0]
        write(folder / "corpus" / Path(name).parent, **{Path(name).name: card})
    settings = settings_at(folder / "index")
    ingest([folder / "corpus"], settings, encoder)
    pipeline = build_pipeline(settings, encoder)
    yield pipeline
    pipeline.live.close()


def test_a_follow_up_finds_what_the_question_in_full_finds(leads: Pipeline) -> None:
    first, among = {"full": 0, "follow-up": 0, "alone": 0}, {"full": 0, "follow-up": 0, "alone": 0}
    for row in GOLDEN:
        written = standalone(row["question"], *(turn["question"] for turn in row["history"]))
        for name, question in (("full", row["standalone"]), ("follow-up", written), ("alone", row["question"])):
            found = [p.source.removeprefix("corpus/").removesuffix(".md") for p in leads.search(Request(question), 8)]
            first[name] += found[0] in row["cards"]
            among[name] += not set(found).isdisjoint(row["cards"])

    assert first["follow-up"] >= HIT_AT_1, (first, among)
    assert among["follow-up"] >= RECALL_AT_8, (first, among)


def test_an_answer_tells_how_its_question_was_read(pipeline: Pipeline) -> None:
    answer = pipeline.answer(Request("And why do small ones stay?", history=[Turn(L1)]))
    plain = pipeline.answer(Request(L1, history=[Turn("What is dropout?")]))

    assert answer.question == "And why do small ones stay?"
    assert answer.rewritten_question == f"L1 regularisation give sparse weights: {answer.question}"
    assert answer.citations[0].source == "corpus/l1.md"
    assert plain.rewritten_question is None


def test_a_follow_up_off_the_subject_is_refused(pipeline: Pipeline) -> None:
    assert pipeline.answer(Request("And what is the capital of Mongolia?", history=[Turn(L1)])).refused


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(
            says("When would you not use L1 regularisation?"), "When would you not use L1 regularisation?", id="ok"
        ),
        pytest.param(says('"When would you not use L1?"\n'), "When would you not use L1?", id="in quotation marks"),
        pytest.param(says("When would you not use ridge and https://evil.test?"), None, id="words from elsewhere"),
        pytest.param(says("L1 regularisation"), None, id="the question is lost"),
        pytest.param(says("L1 " * 200), None, id="too long"),
        pytest.param(says(""), None, id="nothing"),
        pytest.param(fails(500), None, id="a fault"),
        pytest.param(hangs(), None, id="no reply"),
    ],
)
def test_a_model_may_write_it_out_in_words_of_the_conversation(reply: object, expected: str | None) -> None:
    question = "And when would you not use it?"
    with speaking(reply) as server:  # type: ignore[arg-type]
        model = OpenAIModel(LanguageModelSettings(base_url=server.url, model="small", retries=0))
        found = FollowUps(model).standalone(question, [Turn(L1, "…")], Deadline(8))

    assert found == (expected or standalone(question, L1))


def test_the_model_is_not_asked_about_a_question_that_stands_by_itself(small: Settings) -> None:
    with speaking(says("no")) as server:
        model = OpenAIModel(LanguageModelSettings(base_url=server.url, model="small"))
        assert FollowUps(model).standalone("What is dropout?", [Turn(L1)], Deadline(2)) == "What is dropout?"
        assert server.asked == []
