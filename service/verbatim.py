"""Whether words stand in a source: a citation to the byte, a sentence as a whole."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from core.errors import DocumentNotFound
from core.sentences import sentence_spans
from core.types import Citation

ReadText = Callable[[str], str]
"""The stored text of a document by id; raises `DocumentNotFound`."""
_LIST_MARKER = re.compile(r"^\s*(?:[-*+•>]|\d+[.)])\s+", re.MULTILINE)
# Where a list item, a table row, a fence or a new paragraph begins, and so where what stands before it ends.
_BLOCK = re.compile(r"\n\s*\n\s*|\n(?=\s*(?:[-*+•>|]|\d+[.)]\s|```|~~~|\$\$|\\\[))")


def is_exact(citation: Citation, read_text: ReadText) -> bool:
    """Whether the quote is what the stored document holds between the offsets, to the byte."""
    try:
        text = read_text(citation.document_id)
    except DocumentNotFound:
        return False
    inside = 0 <= citation.start < citation.end <= len(text)
    return inside and text[citation.start : citation.end] == citation.quote


def is_verbatim(text: str, quote: str) -> bool:
    """Whether a quote holds these sentences or blocks, whole and in a row; line breaks and list markers aside.

    A part of a sentence will not do: "It is wrong that L1 …" does not say that L1 ….
    """
    said, source = _flat(text), _flat(quote)
    if not said or said not in source:
        return False
    starts, ends = zip(*_edges(quote), strict=True)
    places = (found.start() for found in re.finditer(f"(?={re.escape(said)})", source))
    return any(place in starts and place + len(said) in ends for place in places)


def _edges(quote: str) -> Iterator[tuple[int, int]]:
    """Where each block and each sentence starts and ends in the flat quote."""
    bounds = [0, *(found.end() for found in _BLOCK.finditer(quote)), len(quote)]
    for start, end in pairwise(bounds):
        yield _flat_start(quote, start), len(_flat(quote[:end]))
        for first, last in sentence_spans(quote, start, end):
            yield _flat_start(quote, first), len(_flat(quote[:last]))


def _flat_start(quote: str, start: int) -> int:
    before = _flat(quote[:start])
    return len(before) + 1 if before else 0


def _flat(text: str) -> str:
    return " ".join(_LIST_MARKER.sub("", text).split())
