"""Question → grounded answer: rewrite → retrieve → rerank → weigh → compose. The only file that knows the order.

`compose` writes and checks: `service/composition.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from core.errors import IndexMissing, InvalidQuestion
from core.index import Index
from core.live_index import LiveIndex
from core.settings import Settings
from core.types import Answer, Length, Passage, Reason, Turn
from service.composition import Composed, Composer, Task, Written
from service.deadline import Deadline
from service.evidence import Evidence, EvidenceJudge
from service.followups import FollowUps
from service.grounding import Grounded
from service.refusal import nearest_questions, refusal_text
from service.render import render
from service.retrieval import Candidates, Retriever, passages
from service.timings import Timings


class Reranker(Protocol):
    """Puts passages in a better order."""

    depth: int

    def rerank(self, question: str, ranked: Sequence[Passage]) -> list[Passage]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """A question with how it is to be answered.

    `filters` maps a tag to the values allowed; `history` holds earlier turns, the last one last; `deadline_s` is the
    time to the answer in seconds.
    """

    question: str
    length: Length | None = None
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    history: Sequence[Turn] = ()
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The passages from which an answer will be made, and the question they were sought with if it was rewritten."""

    passages: Sequence[Passage]
    rewritten_question: str | None


Event = Found | Written | Answer
"""What `stream` gives: `Found` first, a `Written` for each sentence, the `Answer` last."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One question on its way to an answer."""

    index: Index
    asked: str
    found: Candidates
    ranked: Sequence[Passage]
    timings: Timings

    @property
    def rewritten(self) -> str | None:
        return self.found.question if self.found.question != self.asked else None


class Pipeline:
    """What `service.bootstrap` puts together; shared between threads."""

    def __init__(
        self,
        live: LiveIndex,
        follow_ups: FollowUps,
        retriever: Retriever,
        reranker: Reranker | None,
        judge: EvidenceJudge,
        composer: Composer,
        settings: Settings,
    ) -> None:
        self.live = live
        self.settings = settings
        self._follow_ups = follow_ups
        self._retriever = retriever
        self._reranker = reranker
        self._judge = judge
        self._composer = composer

    def warm_up(self) -> None:
        """Load the models and the index now, so that the first question does not wait; no index yet is no fault."""
        self._retriever.warm_up()
        self._judge.warm_up()
        with suppress(IndexMissing), self.live.reading():
            pass

    def answer(self, request: Request) -> Answer:
        """Answer from the corpus alone, or refuse.

        Raises `InvalidQuestion`, `InvalidFilter` and the errors of the index, save that no index yet is a refusal.
        """
        *_, answer = self.stream(request, self.deadline(request))
        assert isinstance(answer, Answer)
        return answer

    def deadline(self, request: Request) -> Deadline:
        """When the answer must be there, counted from now."""
        return Deadline(request.deadline_s or self.settings.llm.deadline)

    def stream(self, request: Request, deadline: Deadline) -> Iterator[Event]:
        """The answer as it comes about: its passages, each sentence once it is checked, the whole. Raises as above."""
        question = self._accepted(request.question)
        try:
            with self.live.reading() as index:
                yield from self._answer_from(index, question, request, deadline)
        except IndexMissing:
            yield Answer(question, refusal_text("no_index", (), ()), refused=True, reason="no_index", confidence=0.0)

    def _answer_from(self, index: Index, question: str, request: Request, deadline: Deadline) -> Iterator[Event]:
        timings = Timings()
        with timings.stage("rewrite"):
            asked = self._follow_ups.standalone(question, request.history, deadline)
        with timings.stage("retrieve"):
            found = self._retriever.search(index, asked, request.filters)
        with timings.stage("rerank"):
            ranked = self._ranked(index, found, self.settings.retrieval.passages)
        case = _Case(index, question, found, ranked, timings)
        yield Found(ranked, case.rewritten)
        with timings.stage("weigh"):
            evidence = self._judge.weigh(index, found)
        if not evidence.suffices:
            yield self._refusal("not_in_corpus", case, evidence)
            return
        length = request.length or self.settings.answer.length
        composed = yield from self._composer.compose(Task(index, found, ranked, length, deadline, timings))
        if composed.grounded.sentences:
            yield self._grounded(case, composed, evidence)
        else:
            yield self._refusal("no_support", case, evidence, composed.grounded)

    def search(self, request: Request, k: int) -> list[Passage]:
        """The `k` best passages with their scores by stage."""
        with self.live.reading() as index:
            found = self._retriever.search(index, self._accepted(request.question), request.filters)
            return self._ranked(index, found, k)

    def _accepted(self, question: str) -> str:
        question = " ".join(question.encode(errors="replace").decode().split())
        limit = self.settings.service.max_question_chars
        if not any(character.isalnum() for character in question):
            raise InvalidQuestion("the question is empty", "ask something in words")
        if len(question) > limit:
            raise InvalidQuestion(f"the question has {len(question):,} characters", f"shorten it to {limit:,}")
        return question

    def _ranked(self, index: Index, found: Candidates, k: int) -> list[Passage]:
        if self._reranker is None:
            return passages(index, found, k)
        return self._reranker.rerank(found.question, passages(index, found, max(k, self._reranker.depth)))[:k]

    def _grounded(self, case: _Case, composed: Composed, evidence: Evidence) -> Answer:
        return Answer(
            question=case.asked,
            text=render(composed.grounded.sentences),
            refused=False,
            reason=None,
            confidence=evidence.confidence,
            sentences=composed.grounded.sentences,
            removed=composed.grounded.removed,
            citations=composed.grounded.citations,
            generator=composed.generator,
            fallback_reason=composed.fallback_reason,
            rewritten_question=case.rewritten,
            timings_ms=case.timings,
            fingerprint=self._fingerprint(case.index),
        )

    def _refusal(self, reason: Reason, case: _Case, evidence: Evidence, grounded: Grounded | None = None) -> Answer:
        nearest = nearest_questions(case.ranked)
        return Answer(
            question=case.asked,
            text=refusal_text(reason, evidence.missing, nearest),
            refused=True,
            reason=reason,
            confidence=evidence.confidence,
            removed=grounded.removed if grounded else (),
            nearest=nearest,
            missing=evidence.missing,
            rewritten_question=case.rewritten,
            timings_ms=case.timings,
            fingerprint=self._fingerprint(case.index),
        )

    def _fingerprint(self, index: Index) -> str:
        return f"{index.manifest.fingerprint}-{self.settings.fingerprint}"
