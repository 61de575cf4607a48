"""Headings made of a text's own words: the question it quotes, its first clause, or the words that set it apart."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import log

from core.text import STOP_WORDS

_QUESTION = re.compile(r"[“\"]([^“”\"]{8,120}\?)[”\"]")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9/-]*[A-Za-z0-9]")
_CLAUSE = re.compile(r"(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)[,;:.!?](?=\s)| — | – ")
_POINTING = re.compile(r"(?:This|That|These|It|You|There|Your)\b")
_LONG, _LONGEST = 60, 90


def quoted_question(paragraph: str) -> str:
    """The first short question in quotation marks."""
    found = _QUESTION.search(paragraph)
    return found.group(1) if found else ""


def headlines(paragraphs: list[str]) -> list[str]:
    """The first clause of each paragraph, with its telling words where the clause only points at something."""
    clauses = [first_clause(paragraph) for paragraph in paragraphs]
    telling = telling_words(paragraphs)
    return [
        f"{clause}: {words}" if _POINTING.match(clause) else clause
        for clause, words in zip(clauses, telling, strict=True)
    ]


def first_clause(paragraph: str) -> str:
    """The first clause of a paragraph, at least three words of it; of a long one what stands before `and`."""
    cuts = (cut.start() for cut in _CLAUSE.finditer(paragraph[:1_000]))
    end = next((cut for cut in cuts if len(paragraph[:cut].split()) >= 3), len(paragraph))
    clause = paragraph[:end]
    if len(clause) > _LONG and " and " in clause:
        clause = clause[: clause.index(" and ")]
    return clause if len(clause) <= _LONGEST else clause[:_LONGEST].rsplit(" ", 1)[0] + " …"


def telling_words(texts: list[str], count: int = 4) -> list[str]:
    """For every text the words that it says most often and the others do not, with the neighbour they mostly have."""
    runs = [list(_runs(text)) for text in texts]
    counts = [Counter(stem for run in found for stem in run if _tells(stem)) for found in runs]
    spread = Counter(stem for counted in counts for stem in counted)
    headings = []
    for text, found, counted in zip(texts, runs, counts, strict=True):
        weight = {stem: n * log((len(texts) + 1) / spread[stem]) for stem, n in counted.items() if n > 1}
        pairs: Counter[tuple[str, ...]] = Counter(
            pair for run in found for pair in pairwise(run) if all(map(_tells, pair))
        )
        best: list[tuple[str, ...]] = []
        for stem in sorted(weight, key=lambda stem: (-weight[stem], stem)):
            if len(best) < count and not any(stem in term for term in best):
                usual = max((pair for pair in pairs if stem in pair), key=lambda pair: pairs[pair], default=(stem,))
                best.append(usual if 2 * pairs[usual] >= counted[stem] and pairs[usual] > 1 else (stem,))
        headings.append(", ".join(_as_written(text, term) for term in best) or first_clause(text))
    return headings


def _runs(text: str) -> Iterator[list[str]]:
    """Stems between punctuation marks."""
    for part in re.split(r"[^\w\s/-]+|\s[-–—]\s", text):
        yield [_stem(word) for word in _WORD.findall(part)]


def _tells(stem: str) -> bool:
    return len(stem) > 2 and stem not in STOP_WORDS


def _stem(word: str) -> str:
    return re.sub(r"(?<=[a-z]{3})s$", "", word.lower())


def _as_written(text: str, term: tuple[str, ...]) -> str:
    words = _WORD.findall(text)
    forms = Counter(
        " ".join(words[at : at + len(term)])
        for at in range(len(words))
        if tuple(map(_stem, words[at : at + len(term)])) == term
    )
    return max(forms, key=lambda form: (forms[form], form))
