"""Sentence boundaries as offsets. Abbreviations, decimals, initials, inline code and formulas do not end a sentence."""

import re
from collections.abc import Iterator

# Runs of one kind are looked at from their beginning alone, so that none takes quadratic time.
_BOUNDARY = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’)\]*_]*(?:\[\d+\])*\s+(?=[\"'“‘(\[*_$`]*[A-Z0-9√∑∇])")
_ABBREVIATIONS = frozenset(
    "e.g i.e vs etc cf al approx dr mr mrs ms prof fig eq eqs no nos sec ch vol pp resp st inc ltd w.r.t est".split()
)
_OPAQUE = re.compile(r"`[^`\n]*`|\$[^$\n]+\$|\\\((?:(?!\\\()[^\n])*?\\\)")
_LAST_WORD = re.compile(r"(?<![\w.])([\w.]+)[.!?…]+\W*$")


def sentence_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Offsets of the sentences of `text[start:end]`, white space around them excluded."""
    masked = _OPAQUE.sub(lambda match: "x" * len(match.group()), text[start:end])
    first = 0
    for boundary in _BOUNDARY.finditer(masked):
        if not _abbreviated(masked[first : boundary.end()].rstrip()):
            yield from _trimmed(text, start + first, start + boundary.end())
            first = boundary.end()
    yield from _trimmed(text, start + first, end)


def _abbreviated(sentence: str) -> bool:
    last = _LAST_WORD.search(sentence) if sentence.endswith((".", ".)", ".”")) else None
    if not last:
        return False
    word = last.group(1).lower().rstrip(".")
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and last.group(1).isupper())


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    body = text[start:end]
    if body.strip():
        yield start + len(body) - len(body.lstrip()), start + len(body.rstrip())
