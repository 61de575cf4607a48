"""The JSON of the service and of `--json`: one schema for each direction."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.manifest import DocumentRecord
from core.types import Answer, Document, Length, Passage, Reason, Sentence, Support, Turn

FilterValues = Annotated[list[str], Field(max_length=50)]


class TurnSchema(BaseModel):
    """An earlier question and its answer."""

    model_config = ConfigDict(extra="ignore")

    question: str = Field(max_length=4_000)
    answer: str = Field("", max_length=40_000)

    def turn(self) -> Turn:
        return Turn(self.question, self.answer)


class AskRequest(BaseModel):
    """A question and how it is to be answered."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(examples=["Why does L1 regularisation give sparse weights?"])
    length: Length | None = Field(None, description="brief (30 seconds spoken), standard or deep.")
    filters: dict[str, FilterValues] = Field(
        default_factory=dict, examples=[{"role": ["ml-engineer"]}], description="Tag to the values allowed."
    )
    history: list[TurnSchema] = Field(
        default_factory=list,
        max_length=50,
        examples=[[{"question": "What is dropout?", "answer": "…"}]],
        description="Earlier turns of the conversation, the last one last.",
    )
    stream: bool = Field(False, description="Answer as server-sent events: passages, sentence (many), answer.")
    deadline_s: float | None = Field(None, gt=0, le=600, description="Seconds to the answer; the setting when null.")


class SearchRequest(BaseModel):
    """A question and how many passages to return."""

    model_config = ConfigDict(extra="forbid")

    question: str
    k: int = Field(10, ge=1, le=100)
    filters: dict[str, FilterValues] = Field(default_factory=dict)


class SentenceSchema(BaseModel):
    text: str
    citations: list[int]
    support: Support
    score: float

    @classmethod
    def of(cls, sentence: Sentence) -> "SentenceSchema":
        return cls(
            text=sentence.text, citations=list(sentence.citations), support=sentence.support, score=sentence.score
        )


class CitationSchema(BaseModel):
    n: int
    document_id: str
    title: str
    heading_path: list[str]
    source: str
    quote: str
    start: int
    end: int


class NearestSchema(BaseModel):
    question: str
    document_id: str


class AnswerSchema(BaseModel):
    """An answer whose every citation cuts its quote out of `GET /v1/documents/{id}`'s text, or a refusal."""

    question: str
    text: str
    refused: bool
    reason: Reason | None
    confidence: float
    sentences: list[SentenceSchema]
    removed: list[SentenceSchema]
    citations: list[CitationSchema]
    nearest: list[NearestSchema]
    missing: list[str]
    generator: str
    fallback_reason: str | None
    rewritten_question: str | None
    timings_ms: dict[str, float]
    fingerprint: str

    @classmethod
    def of(cls, answer: Answer) -> "AnswerSchema":
        return cls(
            question=answer.question,
            text=answer.text,
            refused=answer.refused,
            reason=answer.reason,
            confidence=round(answer.confidence, 4),
            sentences=[SentenceSchema.of(sentence) for sentence in answer.sentences],
            removed=[SentenceSchema.of(sentence) for sentence in answer.removed],
            citations=[CitationSchema.model_validate(c, from_attributes=True) for c in answer.citations],
            nearest=[NearestSchema.model_validate(near, from_attributes=True) for near in answer.nearest],
            missing=list(answer.missing),
            generator=answer.generator,
            fallback_reason=answer.fallback_reason,
            rewritten_question=answer.rewritten_question,
            timings_ms=dict(answer.timings_ms),
            fingerprint=answer.fingerprint,
        )


class ScoresSchema(BaseModel):
    bm25: float
    dense: float
    late_interaction: float
    fused: float
    cross_encoder: float | None = None


class PassageSchema(BaseModel):
    document_id: str
    title: str
    heading_path: list[str]
    question: str | None
    source: str
    text: str
    start: int
    end: int
    scores: ScoresSchema

    @classmethod
    def of(cls, passage: Passage) -> "PassageSchema":
        chunk = passage.chunk
        return cls(
            document_id=chunk.document_id,
            title=passage.title,
            heading_path=list(chunk.heading_path),
            question=chunk.question,
            source=passage.source,
            text=chunk.text,
            start=chunk.start,
            end=chunk.end,
            scores=ScoresSchema.model_validate(passage.scores, from_attributes=True),
        )


class SearchSchema(BaseModel):
    question: str
    passages: list[PassageSchema]

    @classmethod
    def of(cls, question: str, found: list[Passage]) -> "SearchSchema":
        return cls(question=question, passages=[PassageSchema.of(passage) for passage in found])


class DocumentSummary(BaseModel):
    id: str
    title: str
    source: str
    sources: list[str]
    tags: dict[str, list[str]]
    questions: int
    chunks: int

    @classmethod
    def of(cls, id_: str, record: DocumentRecord) -> "DocumentSummary":
        return cls(
            id=id_,
            title=record.title,
            source=record.sources[0],
            sources=record.sources,
            tags=record.tags,
            questions=record.questions,
            chunks=record.chunks,
        )


class DocumentList(BaseModel):
    documents: list[DocumentSummary]


class DocumentSchema(BaseModel):
    """A document with the text that citations point into."""

    id: str
    title: str
    source: str
    sources: list[str]
    text: str
    tags: dict[str, list[str]]

    @classmethod
    def of(cls, document: Document) -> "DocumentSchema":
        return cls(
            id=document.id,
            title=document.title,
            source=document.sources[0],
            sources=list(document.sources),
            text=document.text,
            tags={key: list(values) for key, values in document.tags.items()},
        )


class Uploaded(BaseModel):
    """What an upload gave."""

    documents: list[DocumentSummary]
    encoded: int


class Readiness(BaseModel):
    ready: bool
    documents: int
    chunks: int
    fingerprint: str


class Problem(BaseModel):
    """RFC 9457 problem details; `advice` says what to do next."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    advice: str
    instance: str
    retryable: bool
