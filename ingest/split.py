"""Documents to chunks. A question with its answer is the unit; a long one is split inside, by the encoder's own tokens.

Chunks tile their document: each is an exact slice and their concatenation is the text.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from langchain_text_splitters import RecursiveCharacterTextSplitter

from core.markdown import blocks, without_markup
from core.types import Chunk, Document

# Share of the encoder's window left to `title › heading path › question`.
_CONTEXT_SHARE = 0.4
_SEPARATORS = ["\n## ", "\n### ", "\n#### ", "\n\n", "\n", ". ", " ", ""]
_NUMBERED = re.compile(r"^(?:Q|Question|Problem|Design|Exercise|Scenario)\s*\d*\s*[:.)]\s*(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """From one heading to the next; `question` is that of the enclosing question-and-answer unit."""

    start: int
    end: int
    path: tuple[str, ...]
    question: str | None
    unit: int


def split(document: Document, count_tokens: Callable[[str], int], max_tokens: int) -> list[Chunk]:
    """Chunks of which `context` and text together stay within `max_tokens`, counted by `count_tokens`."""
    chunks: list[Chunk] = []
    for unit in _units(document):
        context = _context(document, unit[0], count_tokens, int(max_tokens * _CONTEXT_SHARE))
        budget = max_tokens - count_tokens(context)
        for start, end in _pieces(document.text, unit[0].start, unit[-1].end, count_tokens, budget):
            inside = _section_at(unit, document.text, start, end)
            chunks.append(
                Chunk(
                    document_id=document.id,
                    ordinal=len(chunks),
                    start=start,
                    end=end,
                    text=document.text[start:end],
                    context=context,
                    heading_path=inside.path,
                    question=inside.question,
                    aliases=() if chunks else document.tags.get("aliases", ()),
                )
            )
    return chunks


def count_questions(document: Document) -> int:
    """How many question-and-answer units a document holds."""
    return len({section.unit for section in _sections(document) if section.question})


def asked(heading: str) -> str | None:
    """The question that a heading asks, without its number; `None` for a heading that asks nothing."""
    plain = without_markup(heading)
    bare = _NUMBERED.sub("", plain)
    return bare if bare != plain or plain.endswith("?") else None


def _sections(document: Document) -> list[Section]:
    headings = [block for block in blocks(document.text) if block.kind == "heading"]
    bounds = [0, *(block.start for block in headings if block.start), len(document.text)]
    by_start = {block.start: block for block in headings}
    path: list[tuple[int, str]] = []
    question, question_level, unit = document.question, 0, 0
    sections: list[Section] = []
    for start, end in pairwise(bounds):
        if heading := by_start.get(start):
            path = [step for step in path if step[0] < heading.depth]
            inside = document.question is not None or (question is not None and heading.depth > question_level)
            if not inside:
                question, question_level, unit = asked(heading.heading), heading.depth, unit + 1
            path.append((heading.depth, without_markup(heading.heading)))
        sections.append(Section(start, end, tuple(step[1] for step in path), question, unit))
    return sections


def _units(document: Document) -> list[list[Section]]:
    """Sections grouped by unit; a section of nothing but its heading joins the unit after it."""
    bodies = [block.start for block in blocks(document.text) if block.kind not in ("heading", "rule")]
    units: list[list[Section]] = []
    waiting: Section | None = None
    for section in _sections(document):
        if waiting:
            section = replace(section, start=waiting.start)
            waiting = None
        if units and units[-1][0].unit == section.unit:
            units[-1].append(section)
        elif section.question is None and not _has_body(bodies, section):
            waiting = section
        else:
            units.append([section])
    if waiting:
        if units:
            units[-1].append(waiting)
        else:
            units.append([waiting])
    return units


def _has_body(bodies: list[int], section: Section) -> bool:
    """Whether a block that is more than a heading begins in a section; `bodies` are the offsets of such blocks."""
    return bisect_left(bodies, section.start) < bisect_left(bodies, section.end)


def _section_at(unit: list[Section], text: str, start: int, end: int) -> Section:
    first = start + len(text[start:end]) - len(text[start:end].lstrip())
    return next((section for section in reversed(unit) if section.start <= first), unit[0])


def _context(document: Document, section: Section, count_tokens: Callable[[str], int], limit: int) -> str:
    """`title › heading path › question`, no part twice, cut from the left word by word where it is too long."""
    path = [step for step in section.path if asked(step) != section.question]
    parts = list(dict.fromkeys(part for part in (document.title, *path, section.question) if part))
    context = " › ".join(parts)
    while count_tokens(context) > limit:
        context = context[len(context) // 8 + 1 :].partition(" ")[2]
    return context


def _pieces(
    text: str, start: int, end: int, count_tokens: Callable[[str], int], budget: int
) -> Iterator[tuple[int, int]]:
    """Offsets of slices of at most `budget` tokens which tile `text[start:end]`; none is blank unless all of it is."""
    if count_tokens(text[start:end]) <= budget:
        yield start, end
        return
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=budget,
        chunk_overlap=0,
        length_function=count_tokens,
        separators=_SEPARATORS,
        keep_separator="start",
        strip_whitespace=False,
    )
    held, position = start, start
    last = start + len(text[start:end].rstrip())
    for piece in splitter.split_text(text[start:end]):
        if position < last and text[held:position].strip():
            yield held, position
            held = position
        position += len(piece)
    yield held, end
