"""Words, numbers and clauses of a text, as the verifier reads them, and the part of a long passage that it reads."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.text import stem
from service.verifier.lexicon import FUNCTION_WORDS, NEGATIONS, SCALES, SHARES, TENS, UNITS

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_BREAK = re.compile(
    r"[,;:.!?()—–]|\b(?:and|but|while|whereas|because|since|so|which|if|when|although|though|than)\b", re.IGNORECASE
)
_BRITISH = re.compile(r"is(e|ed|es|ing|ation)$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: `text` in lower case, its `stem`, its offsets and the number of its clause."""

    text: str
    stem: str
    start: int
    end: int
    clause: int

    @property
    def is_content(self) -> bool:
        return self.text not in FUNCTION_WORDS

    @property
    def is_negation(self) -> bool:
        return self.text in NEGATIONS or self.text.endswith(("n't", "n’t"))

    @property
    def is_figure(self) -> bool:
        return self.text[0].isdigit()


def words(text: str) -> list[Word]:
    """The words of a text in order; offsets refer to the text as given."""
    breaks = [match.start() for match in _BREAK.finditer(text)]
    found, clause = [], 0
    for match in _WORD.finditer(text):
        while clause < len(breaks) and breaks[clause] <= match.start():
            clause += 1
        plain = unicodedata.normalize("NFKC", match.group()).lower()
        spelled = _BRITISH.sub(r"iz\1", plain) if len(plain) > 6 else plain
        found.append(Word(plain, stem(spelled), match.start(), match.end(), clause))
    return found


def numbers(tokens: Sequence[Word]) -> list[tuple[int, float]]:
    """`(position, value)` of every number, in digits or in words (`twenty-five`, `a third`, `3,000`)."""
    found, i = [], 0
    while i < len(tokens):
        value, end = _number(tokens, i)
        if value is not None:
            while end < len(tokens) and tokens[end].text in SCALES:
                value *= SCALES[tokens[end].text]
                end += 1
            found.append((i, value))
        i = max(end, i + 1)
    return found


def _number(tokens: Sequence[Word], i: int) -> tuple[float | None, int]:
    """The number that starts at word `i`, and the word after it; a bare `thousand` is one thousand."""
    text = tokens[i].text
    if tokens[i].is_figure:
        try:
            return float(re.sub(r",(?=\d{3})", "", text).replace(",", ".")), i + 1
        except ValueError:
            return None, i + 1
    if text in TENS:
        ones = UNITS.get(tokens[i + 1].text, 0) if i + 1 < len(tokens) else 0
        return (float(TENS[text] + ones), i + 2) if 0 < ones < 10 else (float(TENS[text]), i + 1)
    if text in UNITS and text != "one":
        return float(UNITS[text]), i + 1
    if text in SHARES:
        return SHARES[text], i + 1
    return (1.0, i) if text in SCALES else (None, i + 1)


def same_number(a: float, b: float) -> bool:
    """Equal as figures, or as a share and its percentage (`half`, `50 %`)."""
    readings = (b, b * 100 if b <= 1 else b, b / 100 if a <= 1 else b)
    return any(abs(a - reading) <= 2e-3 * max(abs(a), 1e-9) for reading in readings)


def window(passage: str, statement: str, limit: int) -> str:
    """The passage, or of a long one those sentences, `limit` words in all, which hold most of the statement's words."""
    sentences = _SENTENCE_END.split(passage)
    if sum(len(sentence.split()) for sentence in sentences) <= limit:
        return passage
    wanted = {word.stem for word in words(statement) if word.is_content}
    held = [{word.stem for word in words(sentence)} for sentence in sentences]
    count = Counter(each for stems in held for each in stems)
    worth = [sum(1 / (1 + count[each]) for each in stems & wanted) for stems in held]
    kept: set[int] = set()
    left = limit
    for best in sorted(range(len(sentences)), key=lambda i: -worth[i]):
        for i in (best, best - 1, best + 1):
            if 0 <= i < len(sentences) and i not in kept and (not kept or len(sentences[i].split()) <= left):
                kept.add(i)
                left -= len(sentences[i].split())
        if left <= limit * 0.1:
            break
    return " ".join(" ".join(sentences[i].split()[:limit]) for i in sorted(kept))
