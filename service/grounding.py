"""Draft → what of it holds: citations are cut out of the stored document, sentences checked against their quotes.

A citation whose words are not in the document and a sentence which its quotes do not support are removed, and listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from core.types import Citation, Draft, DraftSentence, Sentence, Support
from service.claims import claims_nothing, evidence, gives_orders
from service.deadline import Deadline
from service.neutral import neutral, unhidden
from service.verbatim import ReadText, is_exact, is_verbatim


class Verifier(Protocol):
    """Tells whether passages support a statement in other words."""

    threshold: float
    fair_threshold: float

    def score(self, statement: str, contexts: Sequence[str], deadline: Deadline | None = None) -> list[float]:
        """For each context how far it supports the whole statement, in [0, 1]; from `threshold` on it does.

        One that waits for others keeps the deadline, where there is one, and raises `GeneratorFailed`.
        """


@dataclass(frozen=True, slots=True)
class Grounded:
    """Sentences that hold with the citations they use, numbered in order of use, and sentences that were removed."""

    sentences: tuple[Sentence, ...]
    removed: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


class Ledger:
    """Checks the parts of a draft as they come and keeps account of what holds.

    Without a verifier only sentences of the sources hold. With one, `check` may raise what the verifier raises.
    """

    def __init__(self, read_text: ReadText, verifier: Verifier | None, deadline: Deadline | None = None) -> None:
        self._read_text = read_text
        self._verifier = verifier
        self._deadline = deadline
        self._kept: list[Sentence] = []
        self._removed: list[Sentence] = []
        self._citations: dict[tuple[str, int, int], Citation] = {}
        self._leading: list[Sentence] = []

    @property
    def grounded(self) -> Grounded:
        return Grounded(tuple(self._kept), tuple(self._removed), tuple(self._citations.values()))

    def check(self, draft: Draft) -> list[Sentence]:
        """The sentences of one more part that hold; those which claim nothing wait for one that does."""
        exact = {citation.n: citation for citation in draft.citations if is_exact(citation, self._read_text)}
        kept: list[Sentence] = []
        for sentence in draft.sentences:
            checked = self._checked(sentence, exact)
            if checked.support == "unsupported":
                self._removed.append(checked)
            elif checked.support == "no_claim":
                self._leading.append(checked)
            else:
                kept += [*self._leading, replace(checked, citations=self._numbered(checked.citations, exact))]
                self._leading = []
        self._kept += kept
        return kept

    def _numbered(self, cited: Sequence[int], exact: Mapping[int, Citation]) -> tuple[int, ...]:
        """The citations' numbers in the answer, in the order of their first use."""
        numbers = []
        for citation in (exact[n] for n in cited):
            place = (citation.document_id, citation.start, citation.end)
            known = self._citations.setdefault(place, replace(citation, n=len(self._citations) + 1))
            numbers.append(known.n)
        return tuple(sorted(set(numbers)))

    def _checked(self, sentence: DraftSentence, exact: Mapping[int, Citation]) -> Sentence:
        quotes = {n: exact[n].quote for n in sentence.citations if n in exact}
        support, score, cited = self._verdict(sentence, quotes)
        text = neutral(sentence.text, [quotes[n] for n in cited])
        if not any(character.isalnum() for character in text):
            support, score = "unsupported", 0.0
        return Sentence(text, cited, support, round(score, 4), sentence.kind, sentence.paragraph, sentence.depth)

    def _verdict(self, sentence: DraftSentence, quotes: Mapping[int, str]) -> tuple[Support, float, tuple[int, ...]]:
        """The verdict, its score, and those of the cited numbers which bear it out."""
        every = tuple(quotes)
        if sentence.kind != "code":
            sentence = replace(sentence, text=unhidden(sentence.text))
            quotes = {n: unhidden(quote) for n, quote in quotes.items()}
        if gives_orders(sentence.text):
            return "unsupported", 0.0, every
        if sentence.kind == "sentence" and claims_nothing(sentence.text):
            return "no_claim", 1.0, ()
        if verbatim := tuple(n for n in quotes if is_verbatim(sentence.text, quotes[n])):
            return "verbatim", 1.0, verbatim
        if self._verifier is None or not quotes or sentence.kind not in ("sentence", "item"):
            return "unsupported", 0.0, every
        return self._entailed(sentence.text, quotes, self._verifier)

    def _entailed(
        self, text: str, quotes: Mapping[int, str], verifier: Verifier
    ) -> tuple[Support, float, tuple[int, ...]]:
        """Each quote by itself, then all together; the joint verdict counts only where no single one suffices."""
        contexts = [evidence(quote) for quote in quotes.values()]
        scores = verifier.score(text, contexts, self._deadline)
        if able := tuple(n for n, score in zip(quotes, scores, strict=True) if score >= verifier.threshold):
            return "entailed", max(scores), able
        if len(contexts) > 1:
            scores += verifier.score(text, ["\n\n".join(contexts)], self._deadline)
        best = max(scores)
        return ("entailed" if best >= verifier.threshold else "unsupported"), best, tuple(quotes)
