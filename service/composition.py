"""Writing and checking an answer: a generator's draft goes through the ledger sentence by sentence, and what fails is
replaced as a whole by what cannot fail."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from core.errors import GeneratorFailed
from core.index import Index
from core.types import Citation, Draft, Length, Passage, Sentence
from service.deadline import Deadline
from service.grounding import Grounded, Ledger, Verifier
from service.retrieval import Candidates
from service.timings import Timings

_NOTHING_HELD = "no sentence of the language model is supported by the passage it cites"
# Of the time that is left the second composer must be able to follow: a share, and at most so many seconds.
_SHARE_KEPT, _MOST_KEPT = 0.3, 2.0


@dataclass(frozen=True, slots=True)
class Task:
    """What an answer is to be composed from, how long it may be, and until when."""

    index: Index
    found: Candidates
    ranked: Sequence[Passage]
    length: Length
    deadline: Deadline
    timings: Timings


@dataclass(frozen=True, slots=True)
class Written:
    """A checked sentence as it is written, with the citations used first by it; position 0 begins the answer anew."""

    position: int
    generator: str
    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A whole answer's sentences, checked, and who wrote them."""

    grounded: Grounded
    generator: str
    fallback_reason: str | None = None


Composing = Generator[Written, None, Composed]


class Writer(Protocol):
    """Writes a draft in one or more parts, each with its own citations. May raise `GeneratorFailed`."""

    def write(self, task: Task) -> Iterator[Draft]: ...


class Composer(Protocol):
    """Gives checked sentences, one by one, and returns the whole."""

    def compose(self, task: Task) -> Composing: ...


class DraftedWhole(Protocol):
    """A generator whose draft comes in one piece, as the extractive one's does."""

    def draft(self, index: Index, found: Candidates, ranked: Sequence[Passage], length: Length) -> Draft: ...


class WholeWriter:
    """A generator of whole drafts as a writer of one part."""

    def __init__(self, generator: DraftedWhole) -> None:
        self._generator = generator

    def write(self, task: Task) -> Iterator[Draft]:
        yield self._generator.draft(task.index, task.found, task.ranked, task.length)


class GroundedComposer:
    """Every sentence of the writer goes through a ledger; both keep the deadline of the task.

    Of a draft that is not finished by then the sentences checked so far stand, if there are any.
    """

    def __init__(self, writer: Writer, verifier: Verifier | None) -> None:
        self._writer = writer
        self._verifier = verifier

    def compose(self, task: Task) -> Composing:
        ledger = Ledger(cache(lambda id_: task.index.document(id_).text), self._verifier, task.deadline)
        position, known, generator = 0, 0, "none"
        try:
            for draft in task.timings.of_each("generate", self._writer.write(task)):
                with task.timings.stage("ground"):
                    kept = ledger.check(draft)
                generator, citations = draft.generator, ledger.grounded.citations
                for sentence in kept:
                    newest = max(sentence.citations, default=known)
                    yield Written(position, generator, sentence, citations[known:newest])
                    position, known = position + 1, max(known, newest)
        except GeneratorFailed:
            if task.deadline.remaining() or not position:
                raise
        return Composed(ledger.grounded, generator)


class FallbackComposer:
    """What the first cannot compose in time, the second does, and the answer says why."""

    def __init__(self, first: Composer, second: Composer) -> None:
        self._first = first
        self._second = second

    def compose(self, task: Task) -> Composing:
        removed: tuple[Sentence, ...] = ()
        try:
            composed = yield from self._first.compose(replace(task, deadline=_with_time_kept(task.deadline)))
            if composed.grounded.sentences:
                return composed
            reason, removed = _NOTHING_HELD, composed.grounded.removed
        except GeneratorFailed as error:
            reason = str(error)
        composed = yield from self._second.compose(task)
        grounded = replace(composed.grounded, removed=removed + composed.grounded.removed)
        return replace(composed, grounded=grounded, fallback_reason=reason)


def _with_time_kept(deadline: Deadline) -> Deadline:
    left = deadline.remaining()
    return deadline.within(left - min(_SHARE_KEPT * left, _MOST_KEPT))
