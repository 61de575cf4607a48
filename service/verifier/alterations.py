"""Small changes that turn a sentence of the source into another claim: a number, a unit, a sign, a "not", two words
exchanged. Read off the texts themselves, since such words weigh little in a vector.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from service.verifier.lexicon import (
    FUNCTION_WORDS,
    HEDGES,
    NEGATIONS,
    REASONS,
    RETRACTIONS,
    TELLING,
    TENS,
    UNITS,
    UNITS_OF_MEASURE,
)

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[^\s\w.,;:()\[\]\"“”„…*_`'-]|(?<![\w*])-(?=[\d.$])")
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ′`´‘", "'"))
_MINUS = str.maketrans(dict.fromkeys("−‐‑", "-"))
_NOT = re.compile(r"\b(is|are|was|were|do|does|did|has|have|had|ca|wo|should|would|could|must)nt\b")
_NUMBER_WORDS = UNITS | TENS
# A statement of which the source holds this share in this order repeats it.
_REPEATS = 0.7
# Words strewn over a stretch of the source longer than this many times the statement are not repeated from it.
_SPREAD = 1.3
_SHORT = 3
"""So many words in another place are an exchange; more are a clause that was moved."""


def altered(statement: str, passage: str) -> bool:
    """Whether a statement repeats the passage nearly word for word and differs in what makes it another claim."""
    if _mixed_alphabets(statement):
        return True
    ours, theirs = _tokens(statement), _tokens(passage)
    blocks = [
        block for block in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks() if block.size
    ]
    if not ours or sum(block.size for block in blocks) < _REPEATS * len(ours):
        return False
    if blocks[-1].b + blocks[-1].size - blocks[0].b > _SPREAD * len(ours):
        return False
    return any(_tells(put_in, left_out, ours, theirs) for put_in, left_out in _gaps(blocks, ours, theirs))


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES).translate(_MINUS)).casefold()
    return _TOKEN.findall(_NOT.sub(r"\1n't", plain))


def _mixed_alphabets(text: str) -> bool:
    """Whether a word mixes Latin letters with look-alikes of another alphabet."""
    for word in re.findall(r"[^\W\d_]{2,}", text):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN"}:
            return True
    return False


def _gaps(blocks: Sequence[Match], ours: list[str], theirs: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """What stands between the runs that both have: put in by the statement, left out of the passage.

    Before the first run and after the last only what the statement puts in counts.
    """
    i, j = 0, blocks[0].b
    for block in blocks:
        yield ours[i : block.a], theirs[j : block.b]
        i, j = block.a + block.size, block.b + block.size
    yield ours[i:], []


def _tells(put_in: Sequence[str], left_out: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> bool:
    new = [token for token in put_in if token not in left_out]
    gone = [token for token in left_out if token not in put_in]
    if _same_numbers(new, gone):
        return False
    if any(_is_telling(token) or token in RETRACTIONS for token in new):
        return True
    weighty = [token for token in gone if _is_telling(token) or token in HEDGES]
    if weighty and len(left_out) <= 2 * _SHORT and (new or not _names_a_number(gone)):
        return True
    if REASONS & set(new) and REASONS & set(gone):
        return True
    content = [token for token in new if token not in FUNCTION_WORDS]
    return bool(content) and len(new) <= _SHORT and all(_moved(token, ours, theirs) for token in content)


def _names_a_number(tokens: Sequence[str]) -> bool:
    """Whether a figure is among them: leaving one out with what it counts takes nothing back."""
    return any(token[0].isdigit() for token in tokens)


def _is_telling(token: str) -> bool:
    """Whether a word or mark of a closed class decides what is claimed: numbers, signs, units, negations, modals."""
    closed = token in TELLING or token in NEGATIONS or token in _NUMBER_WORDS or token in UNITS_OF_MEASURE
    return closed or not token[0].isalpha() or token.endswith("n't")


def _moved(token: str, ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether the passage says a word as often as the statement, so that it only stands elsewhere."""
    return token in theirs and ours.count(token) <= theirs.count(token)


def _same_numbers(new: Sequence[str], gone: Sequence[str]) -> bool:
    """Whether all that tells is one number, in figures here and in words there."""
    ours, theirs = ([_value(token) for token in part if _is_telling(token)] for part in (new, gone))
    return bool(ours) and None not in ours and sorted(map(str, ours)) == sorted(map(str, theirs))


def _value(token: str) -> float | None:
    if token in _NUMBER_WORDS:
        return float(_NUMBER_WORDS[token])
    return float(token.replace(",", "")) if token[0].isdigit() and token.replace(",", "").count(".") < 2 else None
