"""The client of a language model against a real server: what it says arrives, what it does wrong has a name."""

import logging
import threading
import time

import pytest
from fake_openai import Reply, breaks_off, drips, fails, hangs, says, says_whole, sends, speaking
from fakes import free_port

from core.errors import GeneratorFailed
from core.settings import LanguageModelSettings
from service.deadline import Deadline
from service.openai_model import OpenAIModel

ASKED = [{"role": "user", "content": "why?"}]
KEY = "sk-very-secret"


def model(url: str, **options: object) -> OpenAIModel:
    return OpenAIModel(LanguageModelSettings(base_url=url, model="small", api_key=KEY, **options))


def said(url: str, seconds: float = 10, **options: object) -> str:
    return "".join(model(url, **options).stream(ASKED, 100, Deadline(seconds)))


@pytest.mark.parametrize("reply", [says, says_whole], ids=["stream", "whole"])
def test_what_the_model_says_arrives(reply: Reply) -> None:
    with speaking(reply("Because — it “is” 🤔.\n\nSo.")) as server:
        assert said(server.url) == "Because — it “is” 🤔.\n\nSo."

    asked = server.asked[0]
    assert (asked.body["model"], asked.body["max_tokens"], asked.body["stream"]) == ("small", 100, True)
    assert asked.body["messages"] == ASKED
    assert asked.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("reply", "reason", "attempts"),
    [
        pytest.param(fails(401, f"wrong key {KEY}"), "refused the key (401)", 1, id="401"),
        pytest.param(fails(404), "status 404", 1, id="404"),
        pytest.param(fails(429), "rate limit (429)", 2, id="429"),
        pytest.param(fails(500), "status 500", 2, id="500"),
        pytest.param(fails(302, Location="http://127.0.0.1:9/"), "status 302", 1, id="elsewhere"),
        pytest.param(breaks_off("Half a"), "broke off", 1, id="half a stream"),
        pytest.param(sends("data: {oops\n\n"), "no valid reply", 1, id="malformed chunk"),
        pytest.param(sends('data: {"error": {"message": "x"}}\n\n'), "no valid reply", 1, id="error in the stream"),
        pytest.param(sends("{oops", "application/json"), "no valid reply", 1, id="malformed completion"),
        pytest.param(sends('{"choices": 7}', "application/json"), "no valid reply", 1, id="other JSON"),
        pytest.param(sends("<html>hello</html>", "text/html"), "broke off", 1, id="a web page"),
        pytest.param(sends("data: " + "x" * 3_000_000), "no valid reply", 1, id="no end"),
    ],
)
def test_a_fault_has_a_name_of_ours_and_some_are_tried_again(reply: Reply, reason: str, attempts: int) -> None:
    with speaking(reply) as server, pytest.raises(GeneratorFailed) as raised:
        said(server.url, retries=1)

    assert reason in raised.value.message
    assert raised.value.advice
    assert KEY not in str(raised.value)
    assert len(server.asked) == attempts


def test_a_second_attempt_may_succeed() -> None:
    with speaking(fails(429, Retry_After="60"), fails(503), says("At last.")) as server:
        assert said(server.url) == "At last."


def test_nobody_listening_is_a_fault() -> None:
    with pytest.raises(GeneratorFailed, match="cannot be reached"):
        said(f"http://127.0.0.1:{free_port()}/v1", retries=0)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(hangs(), id="no reply"),
        pytest.param(hangs("Be"), id="half a reply"),
        pytest.param(drips("zzz"), id="byte by byte"),
        pytest.param(says("Because. " * 500, size=1, pause=0.05), id="slowly"),
        pytest.param(fails(500), id="always failing"),
    ],
)
def test_the_deadline_is_kept(reply: Reply) -> None:
    started = time.monotonic()
    with speaking(reply) as server, pytest.raises(GeneratorFailed, match="in time"):
        said(server.url, seconds=0.5, retries=10)

    assert time.monotonic() - started < 1.5


def test_silence_ends_with_the_timeout() -> None:
    with speaking(hangs("Be")) as server, pytest.raises(GeneratorFailed, match=r"silent for 0\.2 s"):
        said(server.url, timeout=0.2)


@pytest.mark.parametrize("reply", [hangs(), hangs("Be")], ids=["before the reply", "in the reply"])
def test_a_cancelled_request_is_closed_at_once(reply: Reply) -> None:
    deadline = Deadline(60)
    with speaking(reply) as server:
        threading.Timer(0.3, deadline.cancel).start()
        with pytest.raises(GeneratorFailed):
            "".join(model(server.url).stream(ASKED, 100, deadline))
        assert server.asked[0].gone.wait(2)


def test_a_reply_that_nobody_reads_on_is_closed() -> None:
    with speaking(says("Because. " * 10_000, size=1, pause=0.001)) as server:
        stream = model(server.url).stream(ASKED, 100, Deadline(60))
        next(stream)
        stream.close()
        assert server.asked[0].gone.wait(5)


def test_the_key_is_in_no_log_and_no_settings_dump(caplog: pytest.LogCaptureFixture) -> None:
    settings = LanguageModelSettings(base_url="http://127.0.0.1:1/v1", model="m", api_key=KEY)
    with caplog.at_level(logging.DEBUG), speaking(fails(401, KEY)) as server, pytest.raises(GeneratorFailed):
        said(server.url)

    assert KEY not in caplog.text.replace(f'"message": "{KEY}"', "")
    assert KEY not in f"{settings!r} {settings.model_dump_json()}"
