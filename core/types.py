"""What flows through the software: a new word for each stage of life, all of them frozen.

Document → Chunk → Passage → Draft → Answer. Vectors lie beside chunks, never inside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Tags = Mapping[str, tuple[str, ...]]
Support = Literal["verbatim", "entailed", "unsupported", "no_claim"]
Length = Literal["brief", "standard", "deep"]
Kind = Literal["sentence", "item", "code", "table", "formula"]
Reason = Literal["not_in_corpus", "no_index", "no_support"]


@dataclass(frozen=True, slots=True)
class Document:
    """One source after loading and cleaning. The id is derived from the content, so a citation never goes stale."""

    id: str
    title: str
    text: str
    sources: tuple[str, ...]
    question: str | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The slice `text == document.text[start:end]`; a document is the concatenation of its chunks.

    `context` is what the encoder and the lexical index read before the text: `title › heading path › question`.
    `aliases` are other ways to ask what the document answers; the first chunk carries them.
    """

    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    context: str
    heading_path: tuple[str, ...] = ()
    question: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return chunk_id(self.document_id, self.ordinal)

    @property
    def encoded(self) -> str:
        """The text as the encoder reads it."""
        return f"{self.context}\n{self.text.strip()}"

    @property
    def searched(self) -> str:
        """The text as the lexical index reads it."""
        return "\n".join((self.encoded, *self.aliases))


def chunk_id(document_id: str, ordinal: int) -> str:
    """The id under which a chunk is stored."""
    return f"{document_id}:{ordinal}"


@dataclass(frozen=True, slots=True)
class Scores:
    """One candidate's score by stage; higher is better everywhere."""

    bm25: float
    dense: float
    late_interaction: float
    fused: float
    cross_encoder: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question, with the document it was cut from (without its text)."""

    chunk: Chunk
    title: str
    source: str
    scores: Scores


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the same conversation and what was answered, where that is known."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words of a source: `quote == document.text[start:end]`."""

    n: int
    document_id: str
    title: str
    heading_path: tuple[str, ...]
    source: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """One sentence or block as a generator wrote it, with the citation numbers it claims.

    `kind`, `paragraph` (sentences of one number stand together) and `depth` (of a nested list item) steer the layout.
    """

    text: str
    citations: tuple[int, ...]
    kind: Kind = "sentence"
    paragraph: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What a generator proposes before anything is checked."""

    sentences: tuple[DraftSentence, ...]
    citations: tuple[Citation, ...]
    generator: str
    fallback_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and the verdict on it."""

    text: str
    citations: tuple[int, ...]
    support: Support
    score: float
    kind: Kind = "sentence"
    paragraph: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Nearest:
    """A question of the corpus that lies near one that could not be answered."""

    question: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose every citation has been checked, or a refusal with its reason."""

    question: str
    text: str
    refused: bool
    reason: Reason | None
    confidence: float
    sentences: tuple[Sentence, ...] = ()
    removed: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    missing: tuple[str, ...] = ()
    generator: str = "none"
    fallback_reason: str | None = None
    rewritten_question: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    fingerprint: str = ""
