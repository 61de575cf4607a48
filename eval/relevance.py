"""From a golden question to what of the measured corpus is relevant: documents by card, places by quote.

A quote is found in the stored text with white space read as one blank, since cleaning may have wrapped it anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidDataset
from eval.golden import GoldQuestion
from eval.targets import Target
from service.schemas import DocumentSummary


@dataclass(frozen=True, slots=True)
class Place:
    """`text[start:end]` of a document."""

    document_id: str
    start: int
    end: int

    def overlaps(self, other: "Place") -> bool:
        return self.document_id == other.document_id and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Relevant:
    """Documents and places which answer a question, and what of the gold the corpus does not hold."""

    documents: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    lost_cards: tuple[str, ...] = ()
    lost_quotes: tuple[str, ...] = ()


class Corpus:
    """What the target holds, read once; texts are fetched when a question needs them."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._documents = _by_card(target.documents())
        self._texts: dict[str, str] = {}

    def text(self, document_id: str) -> str:
        """The stored text. Raises `DocumentNotFound`."""
        if document_id not in self._texts:
            self._texts[document_id] = self._target.document(document_id).text
        return self._texts[document_id]

    def relevant(self, question: GoldQuestion) -> Relevant:
        """What the golden set names, in the target's own ids and offsets."""
        documents = {card: self._documents[card] for card in question.cards if card in self._documents}
        lost_cards = tuple(card for card in question.cards if card not in documents)
        places, lost_quotes = [], []
        for span in question.spans:
            document_id = documents.get(span.card)
            found = _find(self.text(document_id), span.quote) if document_id else None
            if document_id and found:
                places.append(Place(document_id, *found))
            else:
                lost_quotes.append(span.quote)
        return Relevant(tuple(documents.values()), tuple(places), lost_cards, tuple(lost_quotes))

    def require(self, questions: Sequence[GoldQuestion]) -> None:
        """Raise `InvalidDataset` when no golden card is there: another corpus is being measured."""
        cards = {card for question in questions for card in question.cards}
        if cards and not cards & set(self._documents):
            raise InvalidDataset(
                f"{self._target.name} holds none of the {len(cards)} cards of the golden set",
                "ingest data/corpus, or measure with questions of your own (--questions)",
            )


def card_of(source: str) -> str:
    """`topic/slug`: the last two parts of a source's path without its ending."""
    return "/".join(source.split("#")[0].rsplit("/", 2)[-2:]).rsplit(".", 1)[0]


def _by_card(documents: Sequence[DocumentSummary]) -> dict[str, str]:
    return {card_of(source): document.id for document in documents for source in document.sources}


def _find(text: str, quote: str) -> tuple[int, int] | None:
    pattern = r"\s+".join(re.escape(word) for word in quote.split())
    match = re.search(pattern, text)
    return match.span() if match else None
