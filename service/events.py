"""An answer as server-sent events: `passages`, then a `sentence` each, then `answer`, or `error`."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from core.errors import PrepError
from core.types import Answer, Citation, Passage, Sentence
from service.composition import Written
from service.pipeline import Event, Found
from service.schemas import AnswerSchema, CitationSchema, PassageSchema, Problem, SentenceSchema

log = logging.getLogger(__name__)
T = TypeVar("T")


class PassagesEvent(BaseModel):
    """The first event of a stream: from what the answer will be made."""

    rewritten_question: str | None
    passages: list[PassageSchema]

    @classmethod
    def of(cls, found: Sequence[Passage], rewritten_question: str | None) -> "PassagesEvent":
        return cls(rewritten_question=rewritten_question, passages=[PassageSchema.of(passage) for passage in found])


class SentenceEvent(SentenceSchema):
    """A checked sentence of the answer to come, with the citations it is the first to use.

    Position 0 begins the answer anew: a language model that failed half-way is replaced as a whole.
    """

    position: int
    generator: str
    sources: list[CitationSchema]

    @classmethod
    def of_written(
        cls, position: int, generator: str, sentence: Sentence, citations: Sequence[Citation]
    ) -> "SentenceEvent":
        return cls(
            **SentenceSchema.of(sentence).model_dump(),
            position=position,
            generator=generator,
            sources=[CitationSchema.model_validate(c, from_attributes=True) for c in citations],
        )


class EventStream(StreamingResponse):
    """Sends events while they are made; `cancel` is called as soon as the client is gone, even before the first one.

    The response begins with its first event: a `PrepError` until then is a problem, not a stream.
    """

    media_type = "text/event-stream"

    def __init__(self, events: Iterator[str], cancel: Callable[[], None]) -> None:
        super().__init__(events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._cancel = cancel

    async def listen_for_disconnect(self, receive: Receive) -> None:
        await super().listen_for_disconnect(receive)
        self._cancel()

    async def stream_response(self, send: Send) -> None:
        events = aiter(self.body_iterator)
        self.body_iterator = _again(await anext(events), events)
        await super().stream_response(send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._cancel()


async def _again(first: T, rest: AsyncIterator[T]) -> AsyncIterator[T]:
    yield first
    async for event in rest:
        yield event


def encoded(events: Iterator[Event], path: str) -> Iterator[str]:
    """Events as text; an error that comes after the first one, when the response has begun, is the last event."""
    yield _encoded(next(events))
    try:
        for event in events:
            yield _encoded(event)
    except PrepError as error:
        log.error("%s: %s", path, error)
        yield _sent("error", _problem(error, path))
    except Exception:
        log.exception("%s: the stream broke off", path)
        yield _sent("error", _problem(PrepError("an unforeseen fault", "the service's log says more"), path))


def _encoded(event: Event) -> str:
    if isinstance(event, Found):
        return _sent("passages", PassagesEvent.of(event.passages, event.rewritten_question))
    if isinstance(event, Written):
        return _sent(
            "sentence", SentenceEvent.of_written(event.position, event.generator, event.sentence, event.citations)
        )
    assert isinstance(event, Answer)
    return _sent("answer", AnswerSchema.of(event))


def _sent(name: str, data: BaseModel) -> str:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n"


def _problem(error: PrepError, path: str) -> Problem:
    return Problem(
        title=error.title,
        status=error.status,
        detail=error.message,
        advice=error.advice,
        instance=path,
        retryable=error.retryable,
    )
