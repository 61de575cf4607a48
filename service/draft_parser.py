"""The text of a language model, as it comes, to draft sentences with the numbers they cite."""

import re
from collections.abc import Iterator

from core.sentences import sentence_spans
from core.text import visible
from core.types import DraftSentence, Kind

# Brackets that look like [ and ], and the digits' full-width forms.
_LOOKALIKES = str.maketrans("［］【】〔〕⟦⟧⁅⁆❲❳〚〛０１２３４５６７８９", "[]" * 7 + "0123456789")
_NUMBERS = r"\d{1,9}(?:\s*(?:[,;&–-]|and)\s*\d{1,9})*"
_MARKER = re.compile(
    rf"\s*\[\s*\^?(?:(?:passages?|sources?|citations?|refs?\.?|no\.?|#)\s*)*\^?({_NUMBERS})(?:†[^\]]*)?\s*\](?!\()",
    re.IGNORECASE,
)
_LATE_MARKER = re.compile(r"([.!?…]+[\"'”’)*_]*)((?:\s*\[\d{1,9}(?:, \d{1,9})*\])+)")
_CODE = re.compile(r"(`[^`\n]+`)")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_FENCE = re.compile(r"^\s*(```|~~~)")
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>")
_SHORTEST_LOOKAHEAD = 4
_WIDEST_RANGE = 20


class DraftParser:
    """`feed` it pieces, then `finish`: both give the sentences that are complete.

    A sentence without a number takes those of the next one in its paragraph that has some, or of the one before.
    """

    def __init__(self) -> None:
        self._text = ""
        self._paragraph = 0
        self._waiting: list[DraftSentence] = []
        self._last: tuple[int, ...] = ()

    def feed(self, piece: str) -> Iterator[DraftSentence]:
        self._text = self._text + piece
        if _within_thought(self._text):
            return
        self._text = _THOUGHT.sub("", self._text)
        while (block := self._whole_block()) is not None:
            yield from self._block(block)
        if not _FENCE.match(self._text) and not _is_table(self._text):
            yield from self._sentences()

    def finish(self) -> Iterator[DraftSentence]:
        """What is left, the last sentence included even if it was cut."""
        rest, self._text = _THOUGHT.sub("", self._text), ""
        yield from self._block(rest)
        yield from self._end_paragraph()

    def _whole_block(self) -> str | None:
        """The first line, or the whole fenced code or table, taken off the text once it is complete."""
        lines = self._text.split("\n")
        if len(lines) == 1:
            return None
        size = 1
        if fence := _FENCE.match(lines[0]):
            ends = [n for n, line in enumerate(lines[1:-1], start=1) if line.strip().startswith(fence.group(1))]
            if not ends:
                return None
            size = ends[0] + 1
        elif _is_table(lines[0]):
            size = next((n for n, line in enumerate(lines) if not _is_table(line)), 0)
            if not size:
                return None
        self._text = "\n".join(lines[size:])
        return "\n".join(lines[:size])

    def _block(self, block: str) -> Iterator[DraftSentence]:
        """The sentences of a line, or a block as one; an empty line ends a paragraph, a heading says nothing."""
        if _FENCE.match(block) or _is_table(block) or block.strip().startswith(("$$", "\\[")):
            kind: Kind = "code" if _FENCE.match(block) else "table" if _is_table(block) else "formula"
            yield from self._add(DraftSentence(block.strip("\n"), (), kind, self._paragraph))
        elif not block.strip() or block.lstrip().startswith("#"):
            yield from self._end_paragraph()
        elif item := _ITEM.match(block):
            yield from self._add(self._read(block[item.end() :], "item"))
        else:
            block = _tidy(block)
            for start, end in sentence_spans(block, 0, len(block)):
                yield from self._add(self._read(block[start:end], "sentence"))

    def _sentences(self) -> Iterator[DraftSentence]:
        """The sentences of an unfinished line that can no longer change."""
        text = _tidy(self._text)
        if _ITEM.match(text) or text.lstrip().startswith("#"):
            return
        spans = list(sentence_spans(text, 0, len(text)))
        while spans and (text[spans[-1][0]] == "[" or len(text) - spans[-1][0] < _SHORTEST_LOOKAHEAD):
            spans.pop()
        if len(spans) < 2:
            return
        rest = spans[-1][0]
        self._text = text[rest:]
        for start, end in spans[:-1]:
            yield from self._add(self._read(text[start:end], "sentence"))

    def _read(self, text: str, kind: Kind) -> DraftSentence:
        """A sentence with its markers taken out; code keeps what only looks like one."""
        numbers: list[int] = []
        parts = _CODE.split(visible(text).translate(_LOOKALIKES))
        for n in range(0, len(parts), 2):
            for marker in _MARKER.finditer(parts[n]):
                numbers += _listed(marker.group(1))
            parts[n] = _MARKER.sub("", parts[n])
        return DraftSentence("".join(parts).strip(), tuple(dict.fromkeys(numbers)), kind, self._paragraph)

    def _add(self, sentence: DraftSentence) -> Iterator[DraftSentence]:
        if sentence.citations:
            self._last = sentence.citations
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
        for sentence in self._waiting:
            yield DraftSentence(sentence.text, sentence.citations or citations, sentence.kind, sentence.paragraph)
        self._waiting = []


def _tidy(text: str) -> str:
    """Markers after a full stop moved before it, where they belong to the sentence that ends there."""
    text = "".join(
        part if n % 2 else _MARKER.sub(lambda found: f" [{', '.join(map(str, _listed(found.group(1))))}]", part)
        for n, part in enumerate(_CODE.split(visible(text).translate(_LOOKALIKES)))
    )
    return _LATE_MARKER.sub(r"\2\1", text)


def _listed(numbers: str) -> list[int]:
    """`1, 3-5` to 1, 3, 4, 5; a range that is too wide to be meant gives its ends."""
    found: list[int] = []
    for part in re.split(r"[,;&]|and", numbers):
        ends = [int(number) for number in re.findall(r"\d+", part)]
        if len(ends) == 2 and 0 < ends[1] - ends[0] < _WIDEST_RANGE:
            found += range(ends[0], ends[1] + 1)
        else:
            found += ends
    return found


def _is_table(text: str) -> bool:
    return text.lstrip().startswith("|")


def _within_thought(text: str) -> bool:
    """Whether the text so far is, or may yet become, a thought that has not ended."""
    begun = text.lstrip()
    return begun != "" and begun[:6] == "<think"[: len(begun)] and not _THOUGHT_ENDS.search(begun)
