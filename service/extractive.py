"""Answers composed from the sources: no model writes a word.

For a corpus of questions and answers the best answer is often the reference answer cut to length and completed by a
second source. So the unit found first leads with its point, its best-matching parts follow in their own order, and
another source adds what it alone holds.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from core.encoder import Encoder
from core.index import Index
from core.markdown import heading_path
from core.types import Chunk, Citation, Document, Draft, DraftSentence, Length, Passage
from service.gate import COMPUTING
from service.retrieval import Candidates
from service.selection import Selection
from service.spans import Group, Relevance, Span, groups

NAME = "extractive"
_SOURCES = {"brief": 1, "standard": 2, "deep": 3}
_MARKER = re.compile(r"^(?:[-*+•>]|\d+[.)])\s+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unit:
    """Consecutive chunks of one document which answer one question (or lie under one heading)."""

    document: Document
    chunks: tuple[Chunk, ...]
    passage: Passage


class ExtractiveGenerator:
    """`draft` never fails for want of a model, key or network."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def draft(self, index: Index, found: Candidates, ranked: Sequence[Passage], length: Length) -> Draft:
        """The parts of the best units that answer the question, each citing itself."""
        selection = Selection(found.question, length)
        chosen = []
        with COMPUTING:
            for unit in islice(_units(index, ranked), _SOURCES[length]):
                relevance = Relevance(index, self._encoder, found.encoded, unit.chunks)
                parts = groups(unit.document, unit.chunks, relevance)
                chosen.append((unit, selection.take(parts, relevance.of_heading)))
            return _compose(chosen)


def _units(index: Index, passages: Sequence[Passage]) -> Iterator[Unit]:
    """The units of the passages, best first, each whole even where only one of its chunks was found."""
    given: set[tuple[str, str, tuple[str, ...]]] = set()
    documents: dict[str, tuple[Document, list[Chunk]]] = {}
    for passage in passages:
        id_ = passage.chunk.document_id
        if id_ not in documents:
            documents[id_] = index.document_with_chunks(id_)
        document, chunks = documents[id_]
        key = _unit_key(passage.chunk)
        if (id_, *key) not in given:
            given.add((id_, *key))
            yield Unit(document, tuple(chunk for chunk in chunks if _unit_key(chunk) == key), passage)


def _unit_key(chunk: Chunk) -> tuple[str, tuple[str, ...]]:
    return (chunk.question, ()) if chunk.question else ("", chunk.heading_path)


def _compose(chosen: Sequence[tuple[Unit, Sequence[Group]]]) -> Draft:
    sentences: list[DraftSentence] = []
    citations: list[Citation] = []
    paragraph = 0
    for unit, parts in chosen:
        for part in parts:
            spans = [part.introduction, *part.spans] if part.introduction else part.spans
            for run in _runs(unit.document.text, spans):
                citations.append(_citation(len(citations) + 1, unit, run[0].start, run[-1].end))
                sentences += [
                    DraftSentence(_plain(span), (len(citations),), span.kind, paragraph, span.depth) for span in run
                ]
            paragraph += 1
    return Draft(tuple(sentences), tuple(citations), NAME)


def _runs(text: str, spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Spans with nothing but white space between them share one citation."""
    run: list[Span] = []
    for span in spans:
        if run and text[run[-1].end : span.start].strip():
            yield run
            run = []
        run.append(span)
    if run:
        yield run


def _citation(n: int, unit: Unit, start: int, end: int) -> Citation:
    return Citation(
        n=n,
        document_id=unit.document.id,
        title=unit.document.title,
        heading_path=heading_path(unit.document.text, start),
        source=unit.document.sources[0],
        quote=unit.document.text[start:end],
        start=start,
        end=end,
    )


def _plain(span: Span) -> str:
    """A span as it is read: soft line breaks and a list item's marker gone, blocks as they are."""
    if span.kind not in ("sentence", "item") or "```" in span.text:
        return span.text
    return " ".join(_MARKER.sub("", span.text).split())
