"""An answer as it is written: over HTTP as server-sent events, in a terminal as lines."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from fake_openai import Reply, Server, breaks_off, hangs, says, speaking
from fakes import HashEncoder, problem_of, settings_at
from fastapi import FastAPI
from rich.console import Console

from cli import show
from core.encoder import Encoder
from core.errors import IndexUnavailable
from core.settings import LanguageModelSettings, Settings
from service.app import create_app
from service.bootstrap import build_pipeline
from service.evidence import EvidenceJudge
from service.pipeline import Pipeline, Request

Serving = Callable[[FastAPI], httpx.Client]
Chatting = Callable[..., tuple[httpx.Client, Server]]
L1 = "Why does L1 regularisation give sparse weights?"
TRUE = "The corners of the L1 ball lie on the axes, where some weights are exactly zero [1]."
ALSO = "L2 shrinks a weight in proportion to its size [1]."
FALSE = "L1 was invented by a Martian poet in 1812 [1]."


@pytest.fixture
def chatting(small: Settings, encoder: Encoder, serving: Serving) -> Iterator[Chatting]:
    """A service over the small index whose language model follows a script."""
    with ExitStack() as stack:

        def serve(*script: Reply) -> tuple[httpx.Client, Server]:
            server = stack.enter_context(speaking(*script))
            llm = LanguageModelSettings(base_url=server.url, model="small", retries=0)
            return serving(create_app(build_pipeline(small.model_copy(update={"llm": llm}), encoder))), server

        yield serve


def events(client: httpx.Client, **body: object) -> Iterator[tuple[str, dict]]:
    with client.stream("POST", "/v1/ask", json={"question": L1, "stream": True, **body}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in response.iter_lines():
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                yield name, json.loads(value)


def test_passages_come_first_then_checked_sentences_then_the_answer(chatting: Chatting) -> None:
    client, _ = chatting(says(f"{TRUE} {FALSE} {ALSO}"))
    found = list(events(client))

    assert [name for name, _ in found] == ["passages", "sentence", "sentence", "answer"]
    answer = found[-1][1]
    assert found[0][1]["passages"][0]["source"] == "corpus/l1.md"
    assert [data["position"] for _, data in found[1:3]] == [0, 1]
    assert [{key: data[key] for key in answer["sentences"][0]} for _, data in found[1:3]] == answer["sentences"]
    assert [source for _, data in found[1:3] for source in data["sources"]] == answer["citations"]
    plain = client.post("/v1/ask", json={"question": L1}).json()
    assert {**plain, "timings_ms": 0} == {**answer, "timings_ms": 0}


def test_a_sentence_is_sent_while_the_model_still_writes(chatting: Chatting) -> None:
    client, server = chatting(hangs(f"{TRUE} {ALSO} And then "))
    stream = events(client, deadline_s=30)
    started = time.monotonic()

    assert [next(stream)[0] for _ in range(2)] == ["passages", "sentence"]
    assert time.monotonic() - started < 10
    stream.close()
    assert server.asked[0].gone.wait(5), "who goes away stops the work"


def test_a_client_that_goes_away_before_the_first_word_stops_the_work(chatting: Chatting) -> None:
    client, server = chatting(hangs())
    stream = events(client)
    assert next(stream)[0] == "passages"
    while not server.asked:
        time.sleep(0.01)
    stream.close()

    assert server.asked[0].gone.wait(5)


def test_a_client_that_goes_away_while_its_question_is_written_out_stops_the_work(chatting: Chatting) -> None:
    client, server = chatting(hangs())
    body = {"question": "And when not?", "history": [{"question": L1}], "stream": True, "deadline_s": 60}
    with suppress(httpx.ReadTimeout):
        client.post("/v1/ask", json=body, timeout=1)

    assert server.asked[0].gone.wait(5)


def test_an_answer_that_breaks_off_begins_anew(chatting: Chatting) -> None:
    found = list(events(chatting(breaks_off(f"{TRUE} {ALSO} And"))[0]))
    sentences = [data for name, data in found if name == "sentence"]
    anew = next(n for n, data in enumerate(sentences) if data["generator"] == "extractive")

    assert anew == 1
    assert sentences[anew]["position"] == 0
    assert [data["text"] for data in sentences[anew:]] == [each["text"] for each in found[-1][1]["sentences"]]
    assert "broke off" in found[-1][1]["fallback_reason"]


def test_without_a_language_model_the_answer_streams_too(small: Settings, encoder: Encoder, serving: Serving) -> None:
    client = serving(create_app(build_pipeline(small, encoder)))

    assert [name for name, _ in events(client)][-2:] == ["sentence", "answer"]
    assert [name for name, _ in events(client, question="Who won the football match?")] == ["passages", "answer"]


def test_what_cannot_be_asked_is_a_problem_not_a_stream(small: Settings, encoder: Encoder, serving: Serving) -> None:
    client = serving(create_app(build_pipeline(small, encoder)))

    problem_of(client.post("/v1/ask", json={"question": "?", "stream": True}), 422)
    problem_of(client.post("/v1/ask", json={"question": "x", "filters": {"a": ["b"]}, "stream": True}), 422)
    problem_of(client.post("/v1/ask", json={"question": "x", "deadline_s": 0}), 422)
    problem_of(client.post("/v1/ask", json={"question": "x", "history": [{"q": 1}]}), 422)


@pytest.mark.parametrize("error", [IndexUnavailable("gone", "wait"), ZeroDivisionError("secret")])
def test_an_error_on_the_way_is_the_last_event(
    error: Exception, small: Settings, encoder: Encoder, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    client = serving(create_app(build_pipeline(small, encoder)))
    monkeypatch.setattr(EvidenceJudge, "weigh", fail)
    found = list(events(client))

    assert [name for name, _ in found] == ["passages", "error"]
    assert found[-1][1]["advice"]
    assert "secret" not in json.dumps(found)


def test_no_index_streams_a_refusal(tmp_path: Path, serving: Serving) -> None:
    client = serving(create_app(build_pipeline(settings_at(tmp_path / "none"), HashEncoder())))

    assert [(name, data["reason"]) for name, data in events(client)] == [("answer", "no_index")]


def test_a_terminal_shows_sentences_as_they_come(pipeline: Pipeline) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=200)
    request = Request(L1)
    answer = show.streamed(console, pipeline.stream(request, pipeline.deadline(request)))

    assert answer.sentences[0].text[:40] in screen.getvalue()
    assert "passages …" in screen.getvalue()
