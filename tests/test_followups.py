"""Follow-up questions: written out in full, they find what the same question asked in full finds."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_openai import fails, hangs, says, sends, speaking
from fakes import settings_at, write

from core.encoder import Encoder
from core.settings import LanguageModelSettings, Settings
from core.types import Turn
from ingest.pipeline import ingest
from service.bootstrap import build_pipeline
from service.deadline import Deadline
from service.followups import FollowUps, leans_on_others
from service.language_model import Messages
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
        pytest.param("And for text?", ["", "?"], "", id="an empty history"),
        pytest.param("Without labels?", [L1, " "], "L1 regularisation give sparse weights: ", id="no verb"),
        pytest.param("What breaks first?", [L1], "L1 regularisation give sparse weights: ", id="generic words"),
        pytest.param("I didn't get the routing part", [L1], "L1 regularisation give sparse weights: ", id="a part"),
        pytest.param("Ok, and what is attention?", [L1], "", id="a definition after an opener"),
        pytest.param("Ok, next topic: window functions in SQL", [L1], "", id="a new topic"),
        pytest.param("How do I introduce myself?", [L1], "", id="about the speaker"),
        pytest.param("Then tell me about yourself", [L1], "", id="about the listener"),
        pytest.param("What is it like to work with designers?", [L1], "", id="it for nothing"),
    ],
)
def test_what_leans_on_an_earlier_question_gets_its_topic(question: str, earlier: list[str], expected: str) -> None:
    assert standalone(question, *earlier) == expected + question


def test_of_a_long_conversation_the_topic_and_the_last_two_follow_ups_are_kept() -> None:
    follow_ups = [f"And for model {n}?" for n in range(48)]

    expected = "L1 regularisation give sparse weights; And for model 46; And for model 47: Why?"
    assert standalone("Why?", L1, *follow_ups) == expected


@pytest.mark.parametrize("turn", ["regularisation " * 250, "x" * 4_000, " " * 4_000], ids=["words", "word", "blank"])
def test_long_turns_leave_room_for_the_question(turn: str) -> None:
    written = standalone("When would you not use it?", turn, *[f"And it? {turn}"] * 3)

    assert len(written) <= 550
    assert written.endswith(": When would you not use it?")


class Recorder:
    """A language model that keeps what it was asked, and until when."""

    def __init__(self) -> None:
        self.prompt = ""
        self.seconds = 0.0

    def stream(self, messages: Messages, max_tokens: int, deadline: Deadline) -> Iterator[str]:
        self.prompt, self.seconds = messages[-1]["content"], deadline.remaining()
        yield ""


def test_the_model_gets_the_end_of_the_conversation_and_a_quarter_of_the_time() -> None:
    model = Recorder()
    history = [Turn(f"And {n}? {'x' * 4_000}", "y" * 40_000) for n in range(50)]
    FollowUps(model).standalone("Why?", history, Deadline(600))

    assert [f"And {n}?" in model.prompt for n in (43, 44, 49)] == [False, True, True]
    assert len(model.prompt) < 6_500
    assert 145 < model.seconds <= 150


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
        pytest.param(says("<think>L1, it is ridge.</think>When not use L1?"), "When not use L1?", id="after a thought"),
        pytest.param(says("![L1](//l1.it/not) use L1 not?"), None, id="an image"),
        pytest.param(says("<b>use L1</b> not?"), None, id="markup"),
        pytest.param(says("Use \ud83d L1 not?"), "Use \ufffd L1 not?", id="half a character"),
        pytest.param(sends("data: " + "[" * 100_000 + "\n\n"), None, id="nested without end"),
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
