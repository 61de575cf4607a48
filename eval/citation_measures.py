"""Are the citations exact, do they bear on the claims, and is every claim covered? (after ALCE, arXiv:2305.14627)"""

from collections.abc import Iterator

from core.errors import DocumentNotFound
from eval.relevance import Corpus
from eval.runner import Asked
from eval.verdicts import support, supported
from service.grounding import Verifier
from service.schemas import AnswerSchema, CitationSchema, SentenceSchema


def citation_measures(asked: Asked, corpus: Corpus, verifier: Verifier) -> Iterator[tuple[str, float | None]]:
    """Of answers that were given; an answer without a single citation scores zero throughout."""
    answer = asked.answer
    if answer is None or answer.refused:
        return
    quotes = {citation.n: citation.quote for citation in answer.citations}
    claims = [sentence for sentence in answer.sentences if sentence.support != "no_claim"]
    bearing = [supported(verifier, claim.text, quotes.get(n, "")) for claim in claims for n in claim.citations]
    covered = [supported(verifier, claim.text, _cited(claim, quotes)) for claim in claims]
    yield "citations.exact", _share([is_exact(citation, corpus) for citation in answer.citations])
    yield "citations.precision", _share(bearing)
    yield "citations.recall", _share(covered)


def is_exact(citation: CitationSchema, corpus: Corpus) -> bool:
    """Whether the stored text holds the quote between the offsets, to the character."""
    try:
        text = corpus.text(citation.document_id)
    except DocumentNotFound:
        return False
    return citation.start < citation.end and text[citation.start : citation.end] == citation.quote


def sentence_scores(answer: AnswerSchema, verifier: Verifier) -> list[float]:
    """How well each sentence is supported by all that it cites."""
    quotes = {citation.n: citation.quote for citation in answer.citations}
    return [support(verifier, sentence.text, _cited(sentence, quotes)) for sentence in answer.sentences]


def _cited(sentence: SentenceSchema, quotes: dict[int, str]) -> str:
    return "\n".join(quotes[n] for n in sentence.citations if n in quotes)


def _share(values: list[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
