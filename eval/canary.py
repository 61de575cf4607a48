"""A question whose answer nobody can know beforehand: what comes back proves that the live pipeline was asked."""

import secrets
from dataclasses import dataclass

from core.errors import PrepError
from core.types import Length
from eval.citation_measures import is_exact
from eval.relevance import Corpus
from eval.report import Canary
from eval.targets import Target
from service.schemas import AnswerSchema

_CARD = """\
---
question: "What is the release phrase of the {place} turbine hall?"
---
The release phrase of the {place} turbine hall is {nonce}.

## Full answer

The release phrase {nonce} opens the {place} turbine hall; it was drawn at random for a single run.
"""


@dataclass(frozen=True, slots=True)
class Nonce:
    """A question, the word that answers it, and the card that holds it."""

    question: str
    answer: str
    card: str

    @property
    def file_name(self) -> str:
        return f"canary-{self.answer}.md"


def draw() -> Nonce:
    """A fresh one."""
    place, nonce = f"Quorl{secrets.token_hex(3)}", f"zuvan{secrets.token_hex(6)}"
    question = f"What is the release phrase of the {place} turbine hall?"
    return Nonce(question, nonce, _CARD.format(place=place, nonce=nonce))


def sing(nonce: Nonce, target: Target, length: Length) -> Canary:
    """Ask for it where the card has been put; the answer must hold the nonce and cite it exactly."""
    try:
        answer = target.ask(nonce.question, length)
    except PrepError as error:
        return Canary(passed=False, detail=str(error))
    if answer.refused or nonce.answer not in answer.text:
        return Canary(passed=False, detail=f"the answer does not hold the nonce: {answer.text[:200]!r}")
    if not _cites(answer, nonce.answer, Corpus(target)):
        return Canary(passed=False, detail="the nonce is in the answer, but no exact citation holds it")
    return Canary(passed=True, detail=f"{nonce.answer} came back, cited")


def _cites(answer: AnswerSchema, word: str, corpus: Corpus) -> bool:
    return any(word in citation.quote and is_exact(citation, corpus) for citation in answer.citations)
