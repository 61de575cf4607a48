"""Answers written by a language model: what holds is kept, what does not is cut, and no fault costs the answer."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from unittest.mock import Mock

import pytest
from fake_openai import Reply, Server, breaks_off, drips, fails, hangs, says, says_whole, sends, speaking

from core.encoder import Encoder
from core.errors import GeneratorFailed
from core.settings import LanguageModelSettings, Settings, VerifierSettings
from core.types import Answer
from service.bootstrap import build_pipeline
from service.composition import Composing, FallbackComposer, Task
from service.deadline import Deadline
from service.pipeline import Pipeline, Request
from service.prompts import fence
from service.timings import Timings

L1 = "Why does L1 regularisation give sparse weights?"
TRUE = "The corners of the L1 ball lie on the axes, where some weights are exactly zero [1]."
ALSO = "L2 shrinks a weight in proportion to its size [1]."
FALSE = "L1 was invented by a Martian poet in 1812 [1]."
Chat = Callable[..., tuple[Pipeline, Server]]


@pytest.fixture
def chat(small: Settings, encoder: Encoder) -> Iterator[Chat]:
    """A pipeline over the small index whose language model follows a script."""
    with ExitStack() as stack:

        def build(*script: Reply, asks: bool = False, **options: object) -> tuple[Pipeline, Server]:
            server = stack.enter_context(speaking(*script))
            llm = LanguageModelSettings(base_url=server.url, model="small", **{"retries": 0, **options})
            chosen = {"llm": llm, "verifier": VerifierSettings(llm=asks)}
            pipeline = build_pipeline(small.model_copy(update=chosen), encoder)
            stack.callback(pipeline.live.close)
            return pipeline, server

        yield build


def answered(pipeline: Pipeline, question: str = L1, **options: object) -> Answer:
    answer = pipeline.answer(Request(question, **options))
    with pipeline.live.reading() as index:
        for citation in answer.citations:
            text = index.document(citation.document_id).text
            assert text[citation.start : citation.end] == citation.quote != ""
    shown = {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)}
    assert shown == {citation.n for citation in answer.citations}
    assert all(sentence.citations or sentence.support == "no_claim" for sentence in answer.sentences)
    return answer


def answered_in_two_seconds(pipeline: Pipeline) -> Answer:
    started = time.monotonic()
    answer = answered(pipeline, deadline_s=2)
    assert time.monotonic() - started < 2.5, "two seconds, and what a busy machine adds"
    return answer


@pytest.mark.parametrize("reply", [says, says_whole])
def test_a_draft_is_kept_where_its_passages_bear_it_out(reply: Callable[[str], Reply], chat: Chat) -> None:
    answer = answered(chat(reply(f"{TRUE} {FALSE} {ALSO}"))[0])

    assert (answer.generator, answer.fallback_reason, answer.refused) == ("chat", None, False)
    assert [sentence.support for sentence in answer.sentences] == ["verbatim", "entailed"]
    assert [sentence.text for sentence in answer.removed] == [FALSE.replace(" [1]", "")]
    assert [citation.quote for citation in answer.citations] == [
        "The corners of the L1 ball lie on the axes, where some weights are exactly zero.",
        "The L2 penalty shrinks a weight in proportion to its size, so small weights are barely moved.",
    ]


def test_the_model_gets_numbered_fenced_passages_and_the_rules(chat: Chat) -> None:
    pipeline, server = chat(says(TRUE))
    answered(pipeline, length="brief")

    fence = re.search(r"=====[0-9a-f]{12}", server.asked[0].system)
    assert fence
    assert "75 to 90 words" in server.asked[0].system
    assert server.asked[0].user.count(f"{fence.group()} passage [") == 8
    assert server.asked[0].user.endswith(L1)


def test_a_fence_holds_a_secret_of_the_process() -> None:
    program = "from service.prompts import fence; print(fence('a'))"
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

    assert fence("a") == fence("a") != fence("b")
    assert fence("a") != elsewhere.strip()


def test_a_sentence_with_invented_numbers_only_is_unsupported_and_others_lose_them(chat: Chat) -> None:
    answer = answered(chat(says(f"{TRUE[:-4]}[1][42][0]. {ALSO.replace('[1]', '[99]')}"))[0])

    assert [sentence.citations for sentence in answer.sentences] == [(1,)]
    assert [sentence.citations for sentence in answer.removed] == [()]


def test_a_sentence_that_claims_nothing_needs_no_citation_and_goes_with_what_it_announces(chat: Chat) -> None:
    kept = answered(chat(says(f"In short:\n\n{TRUE}\n\nThe next point is:\n\n{FALSE}"))[0])

    assert [(sentence.text, sentence.support) for sentence in kept.sentences] == [
        ("In short:", "no_claim"),
        (TRUE.replace(" [1]", ""), "verbatim"),
    ]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(fails(401), "refused the key", id="401"),
        pytest.param(fails(429), "rate limit", id="429"),
        pytest.param(fails(500), "status 500", id="500"),
        pytest.param(breaks_off(f"{TRUE} {ALSO} And"), "broke off", id="half a stream"),
        pytest.param(sends("data: " + "[" * 100_000 + "\n\n"), "no valid reply", id="nested without end"),
        pytest.param(sends("data: {\n\n"), "no valid reply", id="malformed stream"),
        pytest.param(sends("{", "application/json"), "no valid reply", id="malformed JSON"),
        pytest.param(says(""), "wrote nothing", id="empty"),
        pytest.param(says("\n \n# \n"), "wrote nothing", id="blank"),
        pytest.param(says("asdf qwer zxcv"), "cited no passage", id="nonsense"),
        pytest.param(says(TRUE.replace(" [1]", "")), "cited no passage", id="no citation"),
        pytest.param(says("Yes [77]."), "cited no passage", id="invented citations"),
        pytest.param(says(FALSE), "no sentence", id="nothing but lies"),
        pytest.param(says("The passages do not hold the answer."), "found no answer", id="declined"),
    ],
)
def test_every_fault_ends_in_the_extractive_answer(reply: Reply, reason: str, chat: Chat, pipeline: Pipeline) -> None:
    answer, without = answered(chat(reply)[0]), answered(pipeline)

    assert (answer.generator, answer.refused) == ("extractive", False)
    assert reason in (answer.fallback_reason or "")
    assert (answer.text, answer.citations) == (without.text, without.citations)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(hangs(), id="hangs"),
        pytest.param(hangs(TRUE), id="hangs half-way"),
        pytest.param(drips("x"), id="byte by byte"),
    ],
)
def test_the_answer_is_there_by_the_deadline_of_the_request(reply: Reply, chat: Chat) -> None:
    pipeline, server = chat(reply)
    pipeline.warm_up()
    answer = answered_in_two_seconds(pipeline)

    assert answer.generator == "extractive"
    assert "in time" in (answer.fallback_reason or "")
    assert server.asked[0].gone.wait(2), "the request is closed"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(says(f"{ALSO} " * 90, size=10, pause=0.02), id="written slowly"),
        pytest.param(says_whole(f"{ALSO}\n" * 9_000), id="long"),
    ],
)
def test_of_a_draft_that_is_late_the_sentences_checked_so_far_stand(reply: Reply, chat: Chat) -> None:
    pipeline, _ = chat(reply, max_tokens=100_000)
    pipeline.warm_up()
    started = time.monotonic()
    answer = answered(pipeline, deadline_s=2)

    assert time.monotonic() - started < 2.5, "two seconds, and what a busy machine adds"
    assert (answer.generator, answer.fallback_reason) == ("chat", None)


def test_a_long_draft_of_which_nothing_held_in_time_is_a_fault(chat: Chat) -> None:
    pipeline, _ = chat(says_whole(f"{FALSE} " * 20_000), max_tokens=1_000_000)
    pipeline.warm_up()
    started = time.monotonic()
    answer = answered(pipeline, deadline_s=2)

    assert time.monotonic() - started < 2.5, "two seconds, and what a busy machine adds"
    assert answer.generator == "extractive"
    assert "checked in time" in (answer.fallback_reason or "")


@pytest.mark.parametrize("reply", [says, says_whole])
def test_the_unfinished_sentence_of_a_draft_that_was_cut_short_is_dropped(
    reply: Callable[..., Reply], chat: Chat
) -> None:
    half = "L2 shrinks a weight in proportion to [1]"
    answer = answered(chat(reply(f"{TRUE} {half}", finish="length"))[0])
    nothing = answered(chat(reply(half, finish="length"))[0])

    assert [sentence.text for sentence in answer.sentences] == [TRUE.replace(" [1]", "")]
    assert (answer.generator, answer.removed) == ("chat", ())
    assert "cut short" in (nothing.fallback_reason or "")


def test_verdicts_of_the_language_model_keep_the_deadline_too(chat: Chat) -> None:
    pipeline, server = chat(says(ALSO), hangs(), asks=True)
    pipeline.warm_up()
    answer = answered_in_two_seconds(pipeline)

    assert answer.generator == "extractive"
    assert "in time" in (answer.fallback_reason or "")
    assert server.asked[1].gone.wait(2), "the request is closed"


class TellsTheTime:
    """A composer that keeps how long it may take, and fails."""

    def __init__(self) -> None:
        self.left = 0.0

    def compose(self, task: Task) -> Composing:
        self.left = task.deadline.remaining()
        raise GeneratorFailed("no time")
        yield


@pytest.mark.parametrize(("seconds", "first"), [(30, 28), (2, 1.4)])
def test_time_is_kept_for_the_answer_from_the_sources(seconds: float, first: float) -> None:
    one, two = TellsTheTime(), TellsTheTime()
    task = Task(Mock(), Mock(), [], "standard", Deadline(seconds), Timings())
    with pytest.raises(GeneratorFailed):
        next(FallbackComposer(one, two).compose(task))

    assert (one.left, two.left) == pytest.approx((first, seconds), abs=0.1)


def test_a_question_that_is_refused_costs_no_call(chat: Chat) -> None:
    pipeline, server = chat(says(TRUE))

    assert answered(pipeline, "What is the capital of Mongolia?").refused
    assert server.asked == []


def test_the_fingerprint_names_the_model_but_not_its_key(chat: Chat, pipeline: Pipeline) -> None:
    one, two = (chat(says(TRUE), api_key=key)[0].settings for key in ("a", "b"))
    same = two.model_copy(update={"llm": two.llm.model_copy(update={"base_url": one.llm.base_url})})

    assert one.fingerprint == same.fingerprint != pipeline.settings.fingerprint
