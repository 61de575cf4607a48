"""Answers composed from the sources: no model writes a word.

For a corpus of questions and answers the best answer is often the reference answer cut to length and completed by a
second source. So the unit found first leads with its point, its best-matching parts follow in their own order, and
another source adds what it alone holds.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.encoder import Encoder
from core.index import Index
from core.text import terms
from core.types import Chunk, Citation, Document, Draft, DraftSentence, Length, Passage
from service.retrieval import Candidates
from service.spans import SPOKEN, Group, Relevance, Span, groups, introduces

NAME = "extractive"
WORDS = {"brief": 90, "standard": 220, "deep": 480}
_SOURCES = {"brief": 1, "standard": 2, "deep": 3}
# A part joins the answer when it meets the question at least this well, relative to the best part.
_RELATIVE_RELEVANCE = 0.72
# The unit's opening paragraph leads the answer when it meets the question this well, relative to the best part.
_POINT = 0.8
# A span is a repetition when this share of its terms has been said.
_REPETITION = 0.8
_CODE = re.compile(r"\b(code|implement\w*|write|sql|python|numpy|pandas|from scratch|script)\b", re.IGNORECASE)
_MARKER = re.compile(r"^(?:[-*+•]|\d+[.)])\s+")


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
        chosen: list[tuple[Unit, list[Group]]] = []
        budget = WORDS[length]
        said: set[str] = set()
        for unit in _units(index, ranked)[: _SOURCES[length]]:
            relevance = Relevance(index, self._encoder, found.encoded, unit.chunks)
            parts = groups(unit.document, unit.chunks, relevance)
            picked = list(_pick(parts, found.question, length, budget, said, first=not chosen))
            if picked:
                chosen.append((unit, picked))
                budget -= sum(part.length for part in picked)
        return _compose(chosen)


def _units(index: Index, passages: Sequence[Passage]) -> list[Unit]:
    """The units of the passages, best first, each whole even where only one of its chunks was found."""
    found: dict[tuple[str, str, tuple[str, ...]], Unit] = {}
    documents: dict[str, tuple[Document, list[Chunk]]] = {}
    for passage in passages:
        id_ = passage.chunk.document_id
        if id_ not in documents:
            documents[id_] = index.document_with_chunks(id_)
        document, chunks = documents[id_]
        key = _unit_key(passage.chunk)
        if (id_, *key) not in found:
            whole = tuple(chunk for chunk in chunks if _unit_key(chunk) == key)
            found[id_, *key] = Unit(document, whole, passage)
    return list(found.values())


def _unit_key(chunk: Chunk) -> tuple[str, tuple[str, ...]]:
    return (chunk.question, ()) if chunk.question else ("", chunk.heading_path)


def _pick(
    parts: Sequence[Group], question: str, length: Length, budget: int, said: set[str], *, first: bool
) -> Iterator[Group]:
    """The parts to quote from one unit, the opener first, within a budget of words; `said` collects their terms."""
    spoken = [part for part in parts if part.section == SPOKEN]
    if length == "brief" and first and spoken:
        yield from spoken
        return
    wants_code = length == "deep" or bool(_CODE.search(question))
    parts = [part for part in parts if part.section != SPOKEN and (wants_code or part.kind != "code")]
    if not parts:
        return
    best = max(parts, key=lambda part: part.relevance)
    point = parts[0] if first and parts[0].relevance >= _POINT * best.relevance else best
    by_relevance = sorted(parts, key=lambda part: -part.relevance)
    kept: list[Group] = []
    for part in [point, *(part for part in by_relevance if part is not point)]:
        opens = first and not kept
        floor = _RELATIVE_RELEVANCE * best.relevance
        fitting = _fit(part, budget, said, floor, must=opens)
        if fitting and (opens or fitting.relevance >= floor):
            kept.append(fitting)
            budget -= fitting.length
            said.update(*(terms(span.text) for span in fitting.spans))
    yield from kept[:1]
    yield from sorted(kept[1:], key=lambda part: part.spans[0].start)


def _fit(part: Group, budget: int, said: set[str], floor: float, *, must: bool) -> Group | None:
    """A part without what has been said, cut to the budget: sentences from its start, list items by relevance.

    A list that was introduced is one thing and stays whole where it fits; of a loose one, only the items that bear on
    the question are kept.
    """
    fresh = [span for span in part.spans if must or not _repeats(span, said)]
    if part.kind == "item" and not part.introduction:
        fresh = [span for span in fresh if span.relevance >= floor]
    room = budget - (part.introduction.length if part.introduction else 0)
    kept = _cut(fresh, room, part.kind) or (fresh[:1] if must else [])
    while kept and introduces(kept[-1]):
        kept.pop()
    return Group(part.section, kept, part.introduction) if kept else None


def _cut(spans: list[Span], room: int, kind: str) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: -span.relevance) if kind == "item" else spans:
        if span.length <= room:
            kept.append(span)
            room -= span.length
        elif kind != "item":
            break
    return sorted(kept, key=lambda span: span.start)


def _repeats(span: Span, said: set[str]) -> bool:
    own = set(terms(span.text))
    return bool(own) and len(own & said) >= _REPETITION * len(own)


def _compose(chosen: Sequence[tuple[Unit, Sequence[Group]]]) -> Draft:
    sentences: list[DraftSentence] = []
    citations: list[Citation] = []
    paragraph = 0
    for unit, parts in chosen:
        for part in parts:
            spans = [part.introduction, *part.spans] if part.introduction else part.spans
            for run in _runs(unit.document.text, spans):
                citations.append(_citation(len(citations) + 1, unit, run[0].start, run[-1].end))
                sentences += [DraftSentence(_plain(span), (len(citations),), span.kind, paragraph) for span in run]
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
    cited = next(chunk for chunk in reversed(unit.chunks) if chunk.start <= start)
    return Citation(
        n=n,
        document_id=unit.document.id,
        title=unit.document.title,
        heading_path=cited.heading_path,
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
