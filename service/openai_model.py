"""A language model behind the OpenAI chat-completions protocol: the only home of the `openai` client.

Text comes as a stream, whatever the server sends; every fault of the vendor becomes `GeneratorFailed`, in words of our
own, since what a server says may hold anything. It does not know what the text is for.
"""

import json
import random
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx
import openai
from pydantic import BaseModel, Field

from core.errors import GeneratorFailed
from core.settings import LanguageModelSettings
from service.deadline import Deadline
from service.language_model import Messages

# No draft is longer; a server that goes on is stopped.
_MOST_CHARACTERS = 2_000_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 4.0
_FAULTS = (openai.OpenAIError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError)


class _Said(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Said = Field(default_factory=_Said)
    message: _Said = Field(default_factory=_Said)
    finish_reason: str | None = None


class _Reply(BaseModel):
    """A chunk of a stream, or a whole completion."""

    choices: list[_Choice]


class OpenAIModel:
    """`stream` may be called from many threads; each call has a connection of its own, which can be cut."""

    def __init__(self, settings: LanguageModelSettings) -> None:
        self._settings = settings
        self._tls = httpx.create_ssl_context()

    def stream(self, messages: Messages, max_tokens: int, deadline: Deadline) -> Iterator[str]:
        for attempt in range(self._settings.retries + 1):
            began = False
            try:
                for piece in self._attempt(messages, max_tokens, deadline):
                    began = True
                    yield piece
                return
            except _FAULTS as error:
                failure = _failure(error, deadline, self._settings.timeout)
                if began or not failure.retryable or attempt == self._settings.retries:
                    raise failure from error
            deadline.wait(min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1.25))  # noqa: S311

    def _attempt(self, messages: Messages, max_tokens: int, deadline: Deadline) -> Iterator[str]:
        remaining = deadline.remaining()
        if not remaining:
            raise _overdue()
        line = _Line()
        with (
            deadline.cutting(line.cut),
            self._client(line, min(self._settings.timeout, remaining)) as client,
            client.chat.completions.with_streaming_response.create(
                model=self._settings.model or "",
                messages=messages,  # type: ignore[arg-type]
                max_tokens=max_tokens,
                temperature=0,
                stream=True,
            ) as response,
        ):
            whole = "json" in response.headers.get("content-type", "")
            yield from _completion(response.read()) if whole else _deltas(response.iter_text())

    def _client(self, line: "_Line", timeout: float) -> openai.OpenAI:
        key = self._settings.api_key
        return openai.OpenAI(
            base_url=str(self._settings.base_url),
            api_key=key.get_secret_value() if key else "none",
            max_retries=0,
            http_client=httpx.Client(
                timeout=timeout, verify=self._tls, event_hooks={"request": [line.watch]}, follow_redirects=False
            ),
        )


class _Line:
    """The connection of one request, so that another thread can cut it while it is being read."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._over = False

    def watch(self, request: httpx.Request) -> None:
        request.extensions["trace"] = self._trace

    def cut(self) -> None:
        self._over = True
        if self._stream is not None:
            with suppress(OSError):
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info["return_value"]
            if self._over:
                self.cut()


def _completion(body: bytes) -> Iterator[str]:
    """The text of a reply that a server sent whole, though it was asked for a stream."""
    choices = _Reply.model_validate_json(body).choices
    if choices and choices[0].message.content:
        yield choices[0].message.content


def _deltas(texts: Iterable[str]) -> Iterator[str]:
    """The pieces of text in a stream of server-sent events; raises `GeneratorFailed` when it breaks off."""
    for data in _events(texts):
        if data == "[DONE]":
            return
        choices = _Reply.model_validate(json.loads(data)).choices
        if choices and choices[0].delta.content:
            yield choices[0].delta.content
        if choices and choices[0].finish_reason:
            return
    raise _BrokeOff


def _events(texts: Iterable[str]) -> Iterator[str]:
    """The `data` of each event."""
    rest, total = "", 0
    for text in texts:
        total += len(text)
        if total > _MOST_CHARACTERS:
            raise ValueError("a reply without end")
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            if line.startswith("data:"):
                yield line[len("data:") :].strip()


class _BrokeOff(ValueError):
    """A stream ended before the reply did."""


def _overdue() -> GeneratorFailed:
    return _failed("the language model did not finish in time", "raise the deadline, or use a faster model")


def _failed(message: str, advice: str, *, retryable: bool = False) -> GeneratorFailed:
    failure = GeneratorFailed(message, advice)
    failure.retryable = retryable
    return failure


def _failure(error: Exception, deadline: Deadline, timeout: float) -> GeneratorFailed:
    """What went wrong, without a word of the server's, and whether another attempt may help."""
    server = "the language model's server"
    if not deadline.remaining():
        return _overdue()
    if isinstance(error, openai.APIStatusError):
        return _refused(server, error.status_code)
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
        return _failed(f"{server} was silent for {timeout:g} s", "raise PREP_LLM__TIMEOUT, or use a faster model")
    if isinstance(error, _BrokeOff | httpx.RemoteProtocolError | httpx.ReadError):
        return _failed(f"{server} broke off its reply", "ask again, or look into its log")
    if isinstance(error, openai.APIConnectionError | httpx.TransportError | OSError):
        return _failed(f"{server} cannot be reached", "check PREP_LLM__BASE_URL", retryable=True)
    return _failed(f"{server} sent no valid reply", "check PREP_LLM__BASE_URL and its log")


def _refused(server: str, status: int) -> GeneratorFailed:
    if status in (401, 403):
        return _failed(f"{server} refused the key ({status})", "check PREP_LLM__API_KEY")
    if status == 429:
        return _failed(f"{server} is over its rate limit (429)", "ask again later", retryable=True)
    again = status in (408, 409) or status >= 500
    return _failed(f"{server} answered with status {status}", "check PREP_LLM__MODEL and its log", retryable=again)
