"""The text in a reply of the chat-completions protocol, streamed or whole; it knows nothing of connections.

Raises `ValueError` or `RecursionError` for what is no such reply, and `CutShort` after the text of one without its end.
"""

import json
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, Field

from service.language_model import CutShort

# No reply is longer with all that is around its text; a server that goes on is stopped.
_MOST_CHARACTERS = 2_000_000
# A server that does not heed `max_tokens` is cut short; tokens have four or five characters on the average.
_CHARACTERS_A_TOKEN = 8
_CUT_SHORT = ("length", "content_filter")
_SHORT = ("the language model's reply was cut short", "raise its MAX_TOKENS, or ask for a shorter answer")


class _Said(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Said = Field(default_factory=_Said)
    message: _Said = Field(default_factory=_Said)
    finish_reason: str | None = None


class _Reply(BaseModel):
    """A chunk of a stream, or a whole completion."""

    choices: list[_Choice]


def spoken(texts: Iterable[str], max_tokens: int, *, whole: bool) -> Iterator[str]:
    """What the model says in the texts of a response, `whole` though a stream was asked for."""
    texts = _bounded(texts)
    pieces = _completion("".join(texts)) if whole else _deltas(texts)
    return _cut(_paired(pieces), max_tokens * _CHARACTERS_A_TOKEN)


def _bounded(texts: Iterable[str]) -> Iterator[str]:
    total = 0
    for text in texts:
        total += len(text)
        if total > _MOST_CHARACTERS:
            raise ValueError("a reply without end")
        yield text


def _completion(body: str) -> Iterator[str]:
    """The text of a reply that a server sent whole, though it was asked for a stream."""
    for choice in _Reply.model_validate_json(body).choices[:1]:
        if choice.message.content:
            yield choice.message.content
        _check_end(choice)


def _deltas(texts: Iterable[str]) -> Iterator[str]:
    """The pieces of text in a stream of server-sent events; raises `BrokeOff` where it does."""
    for data in _events(texts):
        if data == "[DONE]":
            return
        for choice in _Reply.model_validate(json.loads(data)).choices[:1]:
            if choice.delta.content:
                yield choice.delta.content
            if choice.finish_reason:
                _check_end(choice)
                return
    raise BrokeOff


def _check_end(choice: _Choice) -> None:
    if choice.finish_reason in _CUT_SHORT:
        raise CutShort(*_SHORT)


def _cut(pieces: Iterable[str], most: int) -> Iterator[str]:
    """The pieces up to so many characters; raises `CutShort` where there are more."""
    for piece in pieces:
        yield piece[:most]
        most -= len(piece)
        if most < 0:
            raise CutShort(*_SHORT)


def _paired(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces with characters that were cut in two made whole again, and halves without the other replaced."""
    half = ""
    for piece in pieces:
        text = half + piece
        half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        whole = text.removesuffix(half).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if whole:
            yield whole
    if half:
        yield "\ufffd"


def _events(texts: Iterable[str]) -> Iterator[str]:
    """The `data` of each event."""
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            if line.startswith("data:"):
                yield line[len("data:") :].strip()


class BrokeOff(ValueError):
    """A stream ended before the reply did."""
