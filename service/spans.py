"""The quotable parts of a question-and-answer unit, scored against a question from the token vectors in the index.

No text is encoded again: a span's vectors are those its words got when the chunk around them was encoded.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.encoder import Encoder, Encoding, Floats
from core.index import Index
from core.late_interaction import cosines
from core.markdown import Block, blocks
from core.sentences import sentence_spans
from core.text import words
from core.types import Chunk, Document, Kind

SPOKEN = "Say it in 30 seconds"
_LABEL = re.compile(r"\*(?!\*)[^*.!?\n]{1,100}\*|_(?!_)[^_.!?\n]{1,100}_")


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence, list item or whole block: `text[start:end]` of its document and how well it meets the question."""

    start: int
    end: int
    text: str
    kind: Kind
    relevance: float
    depth: int = 0

    @property
    def length(self) -> int:
        return len(words(self.text))


@dataclass(slots=True)
class Group:
    """Spans that are read together: a paragraph, or a list, table, formula or code with the words that introduce it."""

    section: str
    spans: list[Span] = field(default_factory=list)
    introduction: Span | None = None

    @property
    def relevance(self) -> float:
        return max(span.relevance for span in self.spans)

    @property
    def length(self) -> int:
        return sum(span.length for span in self.spans) + (self.introduction.length if self.introduction else 0)

    @property
    def kind(self) -> Kind:
        return self.spans[-1].kind


class Relevance:
    """How well any span of a document's text meets a question, by late interaction with the stored token vectors."""

    def __init__(self, index: Index, encoder: Encoder, question: Encoding, chunks: Sequence[Chunk]) -> None:
        starts, ends, vectors, headed = [], [], [], 0
        for chunk in chunks:
            offset = chunk.start + len(chunk.text) - len(chunk.text.lstrip()) - len(chunk.context) - 1
            offsets = np.array(encoder.offsets(chunk.encoded), dtype=np.int64).reshape(-1, 2) + offset
            stored = index.tokens.of(index.row_of[chunk.id])
            offsets = offsets[: len(stored)]
            inside = offsets[:, 0] >= chunk.start
            if chunk is chunks[0]:
                headed = int((~inside).sum())
                vectors.append(stored[:headed])
            starts.append(offsets[inside, 0])
            ends.append(offsets[inside, 1])
            vectors.append(stored[: len(offsets)][inside])
        self._starts, self._ends = np.concatenate(starts), np.concatenate(ends)
        met: Floats = cosines(question.tokens[0], np.concatenate(vectors))
        self._cosines = met[headed:]
        self.of_heading = float(met[:headed].max(axis=0).mean()) if headed else 0.0
        """How well the question that the unit answers (its title, where it has none) meets the one asked."""

    def of(self, start: int, end: int) -> float:
        """Mean over the question's tokens of the best cosine inside the span; 0 where nothing is inside."""
        inside = self._cosines[(self._starts >= start) & (self._ends <= end)]
        return float(inside.max(axis=0).mean()) if len(inside) else 0.0


def groups(document: Document, chunks: Sequence[Chunk], relevance: Relevance) -> list[Group]:
    """What can be quoted from consecutive chunks of a document, in reading order; headings are left out."""
    start, end = chunks[0].start, chunks[-1].end
    found: list[Group] = []
    section = ""
    for block in blocks(document.text):
        if block.kind == "heading" and block.start < end:
            section = block.heading
        elif start <= block.start < end and not _only_names(document.text, block, chunks[0].question):
            spans = list(_spans(document.text, block, relevance))
            if not spans:
                continue
            previous = found[-1] if found and found[-1].section == section else None
            if previous and block.kind == "item" and previous.kind == "item":
                previous.spans += spans
            elif previous and _introduces(previous, block):
                introduction = previous.spans.pop()
                if not previous.spans:
                    found.pop()
                found.append(Group(section, spans, introduction))
            else:
                found.append(Group(section, spans))
    return found


def _only_names(text: str, block: Block, question: str | None) -> bool:
    """Whether a block names what is to come and claims nothing: a rule, a label in italics, the question itself."""
    body = text[block.start : block.end]
    if block.kind == "rule" or _LABEL.fullmatch(body):
        return True
    return block.kind in ("quote", "paragraph") and bool(question) and words(body) == words(question or "")


def _introduces(previous: Group, block: Block) -> bool:
    """Whether the last sentence before a block belongs to it: it ends in a colon, or stands alone before code."""
    if block.kind in ("paragraph", "quote") or previous.spans[-1].kind != "sentence":
        return False
    return introduces(previous.spans[-1]) or (block.kind in ("code", "formula") and len(previous.spans) == 1)


def introduces(span: Span) -> bool:
    """Whether a sentence only makes sense with the block after it."""
    return span.kind == "sentence" and span.text.rstrip("*_ ").endswith(":")


def _spans(text: str, block: Block, relevance: Relevance) -> Iterator[Span]:
    if block.kind in ("item", "code", "table", "formula"):
        start, end = block.start, block.end
        depth = block.depth - 1 if block.kind == "item" else 0
        yield Span(start, end, text[start:end], block.kind, relevance.of(start, end), depth)
    elif block.kind != "heading":
        for start, end in sentence_spans(text, block.start, block.end):
            yield Span(start, end, text[start:end], "sentence", relevance.of(start, end))
