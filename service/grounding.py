"""Draft → what of it holds: citations are cut out of the stored document, sentences checked against their quotes.

A citation whose words are not in the document and a sentence which its quotes do not support are removed, and listed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.errors import DocumentNotFound
from core.types import Citation, Draft, DraftSentence, Sentence

_LIST_MARKER = re.compile(r"^\s*(?:[-*+•>]|\d+[.)])\s+", re.MULTILINE)
ReadText = Callable[[str], str]
"""The stored text of a document by id; raises `DocumentNotFound`."""


@dataclass(frozen=True, slots=True)
class Grounded:
    """Sentences that hold with the citations they use, numbered in order of use, and sentences that were removed."""

    sentences: tuple[Sentence, ...]
    removed: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


def ground(draft: Draft, read_text: ReadText) -> Grounded:
    """Check a draft sentence by sentence."""
    exact = {citation.n: citation for citation in draft.citations if is_exact(citation, read_text)}
    checked = [_checked(sentence, exact) for sentence in draft.sentences]
    kept = [sentence for sentence in checked if sentence.support != "unsupported"]
    used = dict.fromkeys(n for sentence in kept for n in sentence.citations)
    numbers = {old: new for new, old in enumerate(used, start=1)}
    return Grounded(
        sentences=tuple(replace(s, citations=tuple(numbers[n] for n in s.citations)) for s in kept),
        removed=tuple(sentence for sentence in checked if sentence.support == "unsupported"),
        citations=tuple(replace(exact[old], n=new) for old, new in numbers.items()),
    )


def is_exact(citation: Citation, read_text: ReadText) -> bool:
    """Whether the quote is what the stored document holds between the offsets, to the byte."""
    try:
        text = read_text(citation.document_id)
    except DocumentNotFound:
        return False
    inside = 0 <= citation.start < citation.end <= len(text)
    return inside and text[citation.start : citation.end] == citation.quote


def is_verbatim(text: str, quote: str) -> bool:
    """Whether a sentence's words stand in a quote, line breaks and list markers aside."""
    return _flat(text) in _flat(quote)


def _checked(sentence: DraftSentence, exact: Mapping[int, Citation]) -> Sentence:
    cited = tuple(n for n in sentence.citations if n in exact)
    verbatim = bool(cited) and any(is_verbatim(sentence.text, exact[n].quote) for n in cited)
    return Sentence(
        text=sentence.text,
        citations=cited,
        support="verbatim" if verbatim else "unsupported",
        score=1.0 if verbatim else 0.0,
        kind=sentence.kind,
        paragraph=sentence.paragraph,
    )


def _flat(text: str) -> str:
    return " ".join(_LIST_MARKER.sub("", text).split())
