"""The client of a language model against a real server: what it says arrives, what it does wrong has a name."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fake_openai import Reply, breaks_off, drips, fails, hangs, pours, says, says_whole, sends, speaking
from fakes import free_port

from core.errors import GeneratorFailed
from core.settings import LanguageModelSettings
from service.deadline import Deadline
from service.language_model import CutShort
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
        pytest.param(sends("data: " + "[" * 100_000 + "\n\n"), "no valid reply", 1, id="a deep stream"),
        pytest.param(sends("[" * 100_000, "application/json"), "no valid reply", 1, id="a deep completion"),
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
        pytest.param(pours(content_type="text/event-stream"), "no valid reply", 1, id="a stream without end"),
        pytest.param(pours(), "no valid reply", 1, id="a completion without end"),
        pytest.param(pours(500), "status 500", 2, id="an error without end"),
    ],
)
def test_a_fault_has_a_name_of_ours_and_some_are_tried_again(reply: Reply, reason: str, attempts: int) -> None:
    with speaking(reply) as server, pytest.raises(GeneratorFailed) as raised:
        said(server.url, retries=1)

    assert reason in raised.value.message
    assert raised.value.advice
    assert KEY not in str(raised.value)
    assert len(server.asked) == attempts


def until_cut_short(stream: Iterator[str]) -> Iterator[str]:
    with pytest.raises(CutShort):
        yield from stream


@pytest.mark.parametrize("reply", [says, says_whole], ids=["stream", "whole"])
@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_reply_that_was_cut_short_says_so_after_its_text(reply: Callable[..., Reply], finish: str) -> None:
    with speaking(reply("Half a", finish=finish)) as server:
        stream = model(server.url).stream(ASKED, 100, Deadline(10))
        assert "".join(until_cut_short(stream)) == "Half a"


@pytest.mark.parametrize("reply", [says, says_whole], ids=["stream", "whole"])
def test_a_server_that_gives_more_than_was_asked_for_is_cut_short(reply: Callable[..., Reply]) -> None:
    with speaking(reply("word " * 1_000)) as server:
        stream = model(server.url).stream(ASKED, 100, Deadline(10))
        assert "".join(until_cut_short(stream)) == "word " * 160


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param(["Be \ud83e", "\udd14 so"], "Be 🤔 so", id="cut in two"),
        pytest.param(["\ud83e", " so"], "\ufffd so", id="a first half alone"),
        pytest.param(["Be\udd14 so"], "Be\ufffd so", id="a second half alone"),
        pytest.param(["so \ud83e"], "so \ufffd", id="a half at the end"),
    ],
)
def test_characters_cut_in_two_are_made_whole(pieces: list[str], expected: str) -> None:
    chunks = [json.dumps({"choices": [{"delta": {"content": piece}}]}) for piece in pieces]
    with speaking(sends("".join(f"data: {chunk}\n\n" for chunk in [*chunks, "[DONE]"]))) as server:
        assert said(server.url) == expected


def test_advice_names_the_settings_that_the_model_was_made_from() -> None:
    with speaking(fails(401)) as server:
        judge = OpenAIModel(LanguageModelSettings(base_url=server.url, model="small"), "PREP_JUDGE")
        with pytest.raises(GeneratorFailed, match="PREP_JUDGE__API_KEY"):
            next(judge.stream(ASKED, 100, Deadline(10)))


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


def test_a_deadline_within_another_is_the_earlier_of_the_two_and_is_cancelled_with_it() -> None:
    deadline = Deadline(60)
    sooner, later = deadline.within(5), deadline.within(300)

    assert 4 < sooner.remaining() <= 5 < 59 < later.remaining() <= 60
    deadline.cancel()
    assert (sooner.remaining(), later.remaining()) == (0, 0)


def test_a_cancel_while_the_clock_is_read_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = Deadline(60)
    cut = threading.Event()

    def read_and_cancel() -> float:
        deadline.cancel()
        return 60.0

    monkeypatch.setattr(deadline, "remaining", read_and_cancel)
    with deadline.cutting(cut.set):
        assert cut.is_set()


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
