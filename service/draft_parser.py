"""The text of a language model, as it comes, to draft sentences with the numbers they cite."""

import re
from collections.abc import Iterator
from dataclasses import replace

from core.errors import GeneratorFailed
from core.sentences import sentence_spans
from core.types import DraftSentence, Kind
from service import markers
from service.thoughts import Thoughts

_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_FENCE = re.compile(r"^\s*(```|~~~)")
# So much of the next sentence is read before the one before it is given; more if it begins as a marker may.
_SHORTEST_LOOKAHEAD, _LONGEST_MARKER = 4, 60
# No source has so long a sentence or block. Text is read in slices, so that no reply is ever looked through as a whole.
_LONGEST, _SLICE = 4_000, 1_000


class DraftParser:
    """`feed` it pieces, then `finish`: both give the sentences that are complete.

    A sentence without a number takes those of the next one in its paragraph that has some, or of the one before; in an
    item, which is given sentence by sentence, it takes all that the item has. A part that is too long cites nothing.
    Both raise `GeneratorFailed` when what they gave turns out to have been a thought.
    """

    def __init__(self) -> None:
        self._thoughts = Thoughts()
        self._text = ""
        self._paragraph = 0
        self._waiting: list[DraftSentence] = []
        self._uncited: list[DraftSentence] = []
        self._last: tuple[int, ...] = ()
        self._cited = False

    def feed(self, piece: str) -> Iterator[DraftSentence]:
        said, anew = self._thoughts.spoken(piece)
        if anew:
            self._take_back()
        for start in range(0, len(said), _SLICE):
            yield from self._hear(said[start : start + _SLICE])

    def finish(self) -> Iterator[DraftSentence]:
        """What is left, the last sentence included even if it was cut."""
        yield from self._hear(self._thoughts.rest())
        rest, self._text = self._text, ""
        yield from self._block(rest)
        yield from self._end_paragraph()
        yield from self._uncited

    def _take_back(self) -> None:
        if self._cited:
            raise GeneratorFailed(
                "the language model thought aloud without marking where its thought begins",
                "let its server keep reasoning apart from the reply, or switch reasoning off",
            )
        self._text, self._waiting, self._uncited = "", [], []

    def _hear(self, said: str) -> Iterator[DraftSentence]:
        self._text += said
        while (block := self._whole_block()) is not None:
            yield from self._block(block)
        if len(self._text) > _LONGEST:
            self._text = _cut(self._text)
        elif not _FENCE.match(self._text) and not _is_table(self._text):
            yield from self._sentences()

    def _whole_block(self) -> str | None:
        """The first line, or the whole fenced code or table, taken off the text once it is complete."""
        line, newline, rest = self._text.partition("\n")
        if not newline:
            return None
        fence = _FENCE.match(line)
        if not fence and not _is_table(line):
            self._text = rest
            return line
        lines = self._text.split("\n")
        if fence:
            size = next((n for n, row in enumerate(lines[:-1]) if n and row.strip().startswith(fence.group(1))), -1) + 1
        else:
            size = next((n for n, row in enumerate(lines) if not _is_table(row)), 0)
        if not size:
            return None
        self._text = "\n".join(lines[size:])
        return "\n".join(lines[:size])

    def _block(self, block: str) -> Iterator[DraftSentence]:
        """The sentences of a line, or a block as one; an empty line ends a paragraph, a heading says nothing."""
        if len(block) > _LONGEST:
            yield DraftSentence(block[:_LONGEST].strip() + " …", (), "sentence", self._paragraph)
        elif _FENCE.match(block) or _is_table(block) or block.strip().startswith(("$$", "\\[")):
            kind: Kind = "code" if _FENCE.match(block) else "table" if _is_table(block) else "formula"
            yield from self._add(DraftSentence(block.strip("\n"), (), kind, self._paragraph))
        elif not block.strip() or block.lstrip().startswith("#"):
            yield from self._end_paragraph()
        elif item := _ITEM.match(block):
            parts = list(self._parts(block[item.end() :], "item"))
            shared = tuple(dict.fromkeys(n for part in parts for n in part.citations))
            for part in parts:
                yield from self._add(replace(part, citations=part.citations or shared))
        else:
            for part in self._parts(block, "sentence"):
                yield from self._add(part)

    def _parts(self, text: str, kind: Kind) -> Iterator[DraftSentence]:
        text = markers.tidy(text)
        for start, end in sentence_spans(text, 0, len(text)):
            yield self._read(text[start:end], kind)

    def _sentences(self) -> Iterator[DraftSentence]:
        """The sentences of an unfinished line that can no longer change."""
        text = markers.tidy(self._text)
        if _ITEM.match(text) or text.lstrip().startswith("#"):
            return
        spans = list(sentence_spans(text, 0, len(text)))
        while spans and len(text) - spans[-1][0] < _lookahead(text[spans[-1][0]]):
            spans.pop()
        if len(spans) < 2:
            return
        rest = spans[-1][0]
        self._text = text[rest:]
        for start, end in spans[:-1]:
            yield from self._add(self._read(text[start:end], "sentence"))

    def _read(self, text: str, kind: Kind) -> DraftSentence:
        said, numbers = markers.read(text)
        return DraftSentence(said, numbers, kind, self._paragraph)

    def _add(self, sentence: DraftSentence) -> Iterator[DraftSentence]:
        if sentence.citations:
            self._last, self._cited = sentence.citations, True
            if sentence.text:
                self._waiting.append(sentence)
            yield from self._release(sentence.citations)
        elif sentence.text:
            self._waiting.append(sentence)

    def _end_paragraph(self) -> Iterator[DraftSentence]:
        yield from self._release(self._last)
        self._paragraph += 1
        self._last = ()

    def _release(self, citations: tuple[int, ...]) -> Iterator[DraftSentence]:
        """What waits, with these numbers; before anything is cited it may be a thought, and is kept."""
        self._uncited += [replace(sentence, citations=sentence.citations or citations) for sentence in self._waiting]
        self._waiting = []
        if self._cited:
            yield from self._uncited
            self._uncited = []


def _is_table(text: str) -> bool:
    return text.lstrip().startswith("|")


def _cut(text: str) -> str:
    """An unfinished block that is too long: still too long, with the beginning of the line that may end it."""
    last = text.rfind("\n", _LONGEST)
    return text[: _LONGEST + 1] + (text[last:][:_SLICE] if last >= 0 else "")


def _lookahead(first: str) -> int:
    return _LONGEST_MARKER if first in "[(*_" else _SHORTEST_LOOKAHEAD
