"""What survives the check of a draft against the stored documents."""

from dataclasses import replace

import pytest

from core.errors import DocumentNotFound
from core.types import Citation, Draft, DraftSentence
from service.grounding import Grounded, Ledger, Verifier
from service.verbatim import ReadText

TEXT = "L1 gives sparse weights. L2 shrinks them — a little 🤔. Dropout drops units."
QUOTES = ("L1 gives sparse weights.", "L2 shrinks them — a little 🤔.", "Dropout drops units.")


def read(document_id: str) -> str:
    if document_id != "doc":
        raise DocumentNotFound("no such document")
    return TEXT


def citation(n: int, quote: str) -> Citation:
    start = TEXT.index(quote)
    return Citation(n, "doc", "Title", (), "doc.md", quote, start, start + len(quote))


CITATIONS = tuple(citation(n, quote) for n, quote in enumerate(QUOTES, start=1))


def ground(draft: Draft, read_text: ReadText, verifier: Verifier | None = None) -> Grounded:
    ledger = Ledger(read_text, verifier)
    ledger.check(draft)
    return ledger.grounded


def grounded(*sentences: DraftSentence, citations: tuple[Citation, ...] = CITATIONS) -> Grounded:
    return ground(Draft(sentences, citations, "test"), read)


def test_every_quote_is_what_the_document_holds_there() -> None:
    found = grounded(*(DraftSentence(quote, (n,)) for n, quote in enumerate(QUOTES, start=1)))

    assert [(s.support, s.score) for s in found.sentences] == [("verbatim", 1.0)] * 3
    assert all(TEXT[c.start : c.end] == c.quote for c in found.citations)
    assert found.removed == ()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"start": 1}, id="start too late"),
        pytest.param({"end": 23}, id="end too early"),
        pytest.param({"start": -len(TEXT)}, id="negative start"),
        pytest.param({"end": 9_999}, id="end beyond the text"),
        pytest.param({"document_id": "other"}, id="unknown document"),
        pytest.param({"quote": "L1 gives dense weights."}, id="altered quote"),
        pytest.param({"quote": "l1 gives sparse weights."}, id="altered case"),
        pytest.param({"quote": "", "end": 0}, id="empty quote"),
    ],
)
def test_a_citation_that_is_not_exact_takes_its_sentence_with_it(change: dict[str, object]) -> None:
    false = replace(CITATIONS[0], **change)

    found = grounded(DraftSentence(QUOTES[0], (1,)), DraftSentence(QUOTES[2], (3,)), citations=(false, *CITATIONS[1:]))

    assert [s.text for s in found.sentences] == [QUOTES[2]]
    assert [s.text for s in found.removed] == [QUOTES[0]]
    assert [c.n for c in found.citations] == [1]


def test_a_quote_at_the_end_may_not_claim_more_than_the_text() -> None:
    beyond = replace(CITATIONS[2], end=len(TEXT) + 5)

    assert grounded(DraftSentence(QUOTES[2], (3,)), citations=(beyond,)).citations == ()


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(DraftSentence("L1 gives dense weights.", (1,)), id="other words"),
        pytest.param(DraftSentence(QUOTES[0], (2,)), id="another's citation"),
        pytest.param(DraftSentence(QUOTES[0], ()), id="no citation"),
        pytest.param(DraftSentence(QUOTES[0], (7,)), id="a citation that is not there"),
    ],
)
def test_a_sentence_that_its_quotes_do_not_support_is_removed_and_listed(sentence: DraftSentence) -> None:
    found = grounded(sentence)

    assert (found.sentences, found.citations) == ((), ())
    assert [(s.text, s.support) for s in found.removed] == [(sentence.text, "unsupported")]


def test_citations_are_numbered_in_the_order_of_their_use() -> None:
    found = grounded(
        DraftSentence(QUOTES[2], (3,)), DraftSentence("Nobody said this.", (2,)), DraftSentence(QUOTES[0], (1, 9)),
        DraftSentence(QUOTES[2], (3,)),
    )  # fmt: skip

    assert [s.citations for s in found.sentences] == [(1,), (2,), (1,)]
    assert [(c.n, c.quote) for c in found.citations] == [(1, QUOTES[2]), (2, QUOTES[0])]
