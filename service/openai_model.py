"""A language model behind the OpenAI chat-completions protocol: the only home of the `openai` client.

Text comes as a stream, whatever the server sends; every fault of the vendor becomes `GeneratorFailed`, in words of our
own, since what a server says may hold anything. It does not know what the text is for.
"""

import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx
import openai

from core.errors import GeneratorFailed
from core.settings import LanguageModelSettings
from service.completions import BrokeOff, spoken
from service.deadline import Deadline
from service.language_model import Messages

_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 4.0
_VENDORS = (openai.OpenAIError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL)
_FAULTS = (*_VENDORS, OSError, ValueError, RecursionError)


class OpenAIModel:
    """`stream` may be called from many threads; each call has a connection of its own, which can be cut."""

    def __init__(self, settings: LanguageModelSettings, prefix: str = "PREP_LLM") -> None:
        """`prefix` is where the settings come from, for the advice of the errors."""
        self._settings = settings
        self._prefix = prefix
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
                failure = _failure(error, deadline, self._settings.timeout, self._prefix)
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
            yield from spoken(response.iter_text(), max_tokens, whole=whole)

    def _client(self, line: "_Line", timeout: float) -> openai.OpenAI:
        key = self._settings.api_key
        return openai.OpenAI(
            base_url=str(self._settings.base_url),
            api_key=key.get_secret_value() if key else "none",
            max_retries=0,
            http_client=httpx.Client(
                timeout=timeout,
                verify=self._tls,
                event_hooks={"request": [line.watch], "response": [_left_unread]},
                follow_redirects=False,
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


def _left_unread(response: httpx.Response) -> None:
    """What a server says of a fault is not used, and may have no end; the client would read it all."""
    if not response.is_success:
        response.close()


def _overdue() -> GeneratorFailed:
    return _failed("the language model did not finish in time", "raise the deadline, or use a faster model")


def _failed(message: str, advice: str, *, retryable: bool = False) -> GeneratorFailed:
    failure = GeneratorFailed(message, advice)
    failure.retryable = retryable
    return failure


def _failure(error: Exception, deadline: Deadline, timeout: float, prefix: str) -> GeneratorFailed:
    """What went wrong, without a word of the server's, and whether another attempt may help."""
    server = "the language model's server"
    if not deadline.remaining():
        return _overdue()
    if isinstance(error, openai.APIStatusError):
        return _refused(server, error.status_code, prefix)
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
        return _failed(f"{server} was silent for {timeout:g} s", f"raise {prefix}__TIMEOUT, or use a faster model")
    if isinstance(error, BrokeOff | httpx.RemoteProtocolError | httpx.ReadError):
        return _failed(f"{server} broke off its reply", "ask again, or look into its log")
    if isinstance(error, openai.APIConnectionError | httpx.TransportError | OSError):
        return _failed(f"{server} cannot be reached", f"check {prefix}__BASE_URL", retryable=True)
    return _failed(f"{server} sent no valid reply", f"check {prefix}__BASE_URL and its log")


def _refused(server: str, status: int, prefix: str) -> GeneratorFailed:
    if status in (401, 403):
        return _failed(f"{server} refused the key ({status})", f"check {prefix}__API_KEY")
    if status == 429:
        return _failed(f"{server} is over its rate limit (429)", "ask again later", retryable=True)
    again = status in (408, 409) or status >= 500
    return _failed(f"{server} answered with status {status}", f"check {prefix}__MODEL and its log", retryable=again)
