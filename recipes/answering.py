"""Questions with passages that answer them or do not, for the pair encoder (recipes/pairs.py).

A question written for a card belongs to the chunk that holds its quote, and not to the chunks of other cards that
retrieval brings for it; a question that the bank does not answer belongs to none. A chunk is read with its title and
without, and public questions and answers are read besides: what counts is what a passage says, not which card it is.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.encoder import Encoder
from core.index import Index
from core.settings import DATA
from recipes.retrieval_pairs import LONGEST
from recipes.retrieval_pairs import interviews as answers_of
from service.retrieval import Retriever

RETRIEVED = 8
# How surely the passages found for a question do not answer it, by why: another card may hold the answer as well. Far
# questions are few and count for more.
SURE = {"near_miss": 1.0, "off_topic": 1.2, "adversarial": 1.2, "elsewhere": 0.4}
SAME_ANSWER = 0.9  # cosine from which another passage counts as the answer in other words
Pair = tuple[str, str, bool, float]  # question, passage, whether it answers, weight


def questions() -> list[dict[str, Any]]:
    """Written ways to ask for each card, and the questions written to tell an answer from none."""
    files = (DATA / "training" / f"{name}.jsonl" for name in ("questions", "reading"))
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return [{"answerable": True, **json.loads(line)} for line in lines]


def plain(text: str) -> str:
    """Without emphasis marks and line breaks."""
    return " ".join(text.replace("*", "").split())


class Bank:
    """The chunks of an index of the bank, by card, and what retrieval brings for a question."""

    def __init__(self, index: Index, retriever: Retriever) -> None:
        self._index, self._retriever = index, retriever
        self.chunks = index.chunks(range(len(index.vectors)))
        self.of_card = defaultdict[str, list[int]](list)
        for row, chunk in enumerate(self.chunks):
            source = Path(index.record(chunk.document_id).sources[0])
            self.of_card[f"{source.parent.name}/{source.stem}"].append(row)

    def retrieved(self, question: str) -> list[int]:
        return [int(row) for row in self._retriever.search(self._index, question, {}).rows[:RETRIEVED]]

    def readings(self, row: int) -> tuple[str, str]:
        """A chunk with its title and without."""
        return self.chunks[row].encoded, self.chunks[row].text


def answered(bank: Bank) -> Iterator[Pair]:
    """Questions with the chunk that holds their quote, and a card's own question with its first chunk."""
    for asked in questions():
        for row in bank.of_card[asked.get("card", "")] if asked["answerable"] else ():
            if plain(asked["quote"]) in plain(bank.chunks[row].text):
                yield from _each(asked["question"], bank.readings(row), True)
    for row, chunk in enumerate(bank.chunks):
        if not chunk.ordinal and chunk.question:
            yield from _each(chunk.question, bank.readings(row), True)


def unanswered(bank: Bank) -> Iterator[Pair]:
    """Questions with retrieved chunks that do not answer them."""
    for asked in questions():
        why = "elsewhere" if asked["answerable"] else asked["absent"]
        own = bank.of_card[asked["card"]] if asked["answerable"] else []
        for row in bank.retrieved(asked["question"]):
            if row not in own:
                yield from _each(asked["question"], bank.readings(row), False, SURE[why])


def far(bank: Bank) -> Iterator[Pair]:
    """Questions that no passage answers, each with chunks drawn at random."""
    rng = random.Random(0)  # noqa: S311
    for asked in questions():
        if asked.get("absent") in ("off_topic", "adversarial"):
            for chunk in rng.sample(bank.chunks, RETRIEVED):
                yield asked["question"], chunk.encoded, False, 1.0


def quoted() -> Iterator[Pair]:
    """Questions with their quote alone, and with another quote of the same card, which does not answer them."""
    asked = [each for each in questions() if each["answerable"]]
    of_card = defaultdict[str, list[str]](list)
    for each in asked:
        of_card[each["card"]].append(each["quote"])
    rng = random.Random(0)  # noqa: S311
    for each in asked:
        yield each["question"], each["quote"], True, 1.0
        if (other := rng.choice(of_card[each["card"]])) != each["quote"]:
            yield each["question"], other, False, 0.5


def interviews(folder: Path, encoder: Encoder) -> Iterator[Pair]:
    """Questions and answers of public repositories; each question also with the answers nearest to it but its own."""
    answers, _, asked = zip(*answers_of(folder), strict=True)
    texts = [answer[:LONGEST] for answer in answers]
    passages = encoder.encode(texts).pooled
    alike = passages @ passages.T
    for own, each in enumerate(asked):
        for question, vector in zip(each, encoder.encode(each).pooled, strict=True):
            yield question, texts[own], True, 1.0
            nearest = (-(passages @ vector)).argsort()[:RETRIEVED].tolist()
            others = [other for other in nearest if alike[own, other] < SAME_ANSWER]
            yield from ((question, texts[other], False, 1.0 / len(others)) for other in others)


def _each(question: str, readings: tuple[str, str], answers: bool, weight: float = 1.0) -> Iterator[Pair]:
    return ((question, passage, answers, weight) for passage in readings)
