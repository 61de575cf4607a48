"""Question → grounded answer: retrieve → rerank → weigh → generate → ground. The only file that knows the order."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from core.errors import IndexMissing, InvalidQuestion
from core.index import Index
from core.live_index import LiveIndex
from core.settings import Settings
from core.types import Answer, Draft, Length, Passage, Reason
from service.evidence import Evidence, EvidenceJudge
from service.grounding import Grounded, ground
from service.refusal import nearest_questions, refusal_text
from service.render import render
from service.retrieval import Candidates, Retriever, passages
from service.timings import Timings


class Generator(Protocol):
    """Writes a draft from passages."""

    def draft(self, index: Index, found: Candidates, ranked: Sequence[Passage], length: Length) -> Draft: ...


class Reranker(Protocol):
    """Puts passages in a better order."""

    depth: int

    def rerank(self, question: str, ranked: Sequence[Passage]) -> list[Passage]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """A question with how it is to be answered; `filters` maps a tag to the values allowed."""

    question: str
    length: Length | None = None
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Pipeline:
    """What `service.bootstrap` puts together; shared between threads."""

    def __init__(
        self,
        live: LiveIndex,
        retriever: Retriever,
        reranker: Reranker | None,
        judge: EvidenceJudge,
        generator: Generator,
        settings: Settings,
    ) -> None:
        self.live = live
        self.settings = settings
        self._retriever = retriever
        self._reranker = reranker
        self._judge = judge
        self._generator = generator

    def warm_up(self) -> None:
        """Load the models and the index now, so that the first question does not wait; no index yet is no fault."""
        self._retriever.warm_up()
        with suppress(IndexMissing), self.live.reading():
            pass

    def answer(self, request: Request) -> Answer:
        """Answer from the corpus alone, or refuse.

        Raises `InvalidQuestion`, `InvalidFilter` and the errors of the index, save that no index yet is a refusal.
        """
        question = self._accepted(request.question)
        try:
            with self.live.reading() as index:
                return self._answer_from(index, question, request)
        except IndexMissing:
            return Answer(question, refusal_text("no_index", (), ()), refused=True, reason="no_index", confidence=0.0)

    def _answer_from(self, index: Index, question: str, request: Request) -> Answer:
        timings = Timings()
        with timings.stage("retrieve"):
            found = self._retriever.search(index, question, request.filters)
        with timings.stage("rerank"):
            ranked = self._ranked(index, found, self.settings.retrieval.passages)
        with timings.stage("weigh"):
            evidence = self._judge.weigh(index, found)
        if not evidence.suffices:
            return self._refusal("not_in_corpus", index, found, ranked, evidence, timings)
        with timings.stage("generate"):
            draft = self._generator.draft(index, found, ranked, request.length or self.settings.answer.length)
        with timings.stage("ground"):
            grounded = ground(draft, cache(lambda document_id: index.document(document_id).text))
        if not grounded.sentences:
            return self._refusal("no_support", index, found, ranked, evidence, timings, grounded)
        return self._grounded(index, found, draft, grounded, evidence, timings)

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

    def _grounded(
        self, index: Index, found: Candidates, draft: Draft, grounded: Grounded, evidence: Evidence, timings: Timings
    ) -> Answer:
        return Answer(
            question=found.question,
            text=render(grounded.sentences),
            refused=False,
            reason=None,
            confidence=evidence.confidence,
            sentences=grounded.sentences,
            removed=grounded.removed,
            citations=grounded.citations,
            generator=draft.generator,
            fallback_reason=draft.fallback_reason,
            timings_ms=timings,
            fingerprint=self._fingerprint(index),
        )

    def _refusal(
        self,
        reason: Reason,
        index: Index,
        found: Candidates,
        ranked: Sequence[Passage],
        evidence: Evidence,
        timings: Timings,
        grounded: Grounded | None = None,
    ) -> Answer:
        nearest = nearest_questions(ranked)
        return Answer(
            question=found.question,
            text=refusal_text(reason, evidence.missing, nearest),
            refused=True,
            reason=reason,
            confidence=evidence.confidence,
            removed=grounded.removed if grounded else (),
            nearest=nearest,
            missing=evidence.missing,
            timings_ms=timings,
            fingerprint=self._fingerprint(index),
        )

    def _fingerprint(self, index: Index) -> str:
        return f"{index.manifest.fingerprint}-{self.settings.fingerprint}"
