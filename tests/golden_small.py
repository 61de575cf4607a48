"""Golden questions over the ten documents of `fakes.CORPUS`, and targets that are worse on purpose."""

from collections.abc import Callable

from core.types import Length
from eval.golden import GoldQuestion
from eval.targets import Target
from service.schemas import AnswerSchema, DocumentSchema, DocumentSummary, PassageSchema

_POINT = {
    "l1": "L1 regularisation gives sparse weights because its penalty pulls every weight towards zero",
    "dropout": "Dropout sets a random share of the activations to zero in each training step",
    "bm25": "BM25 adds up, over the terms of the query, the inverse document frequency",
    "gradients": "Gradients vanish since backpropagation multiplies many Jacobians whose norms are below one.",
    "kv-cache": "The KV cache keeps the keys and values of all earlier tokens",
    "metrics": "Prefer precision when a false alarm costs more than a miss, and recall when a miss costs more.",
    "chunking": "Split along the structure of the document, then choose the size by recall at k on real questions.",
    "failure": "Name the situation, your own mistake, what you changed, and what the next project gained from it.",
}
_ASKED = {
    "l1": "Why are the weights of L1 regularisation sparse?",
    "dropout": "How does dropout help a neural network against overfitting?",
    "bm25": "How does BM25 compute the score of a document?",
    "gradients": "Why do the gradients of deep recurrent networks vanish?",
    "kv-cache": "What does the KV cache of a transformer keep and cost?",
    "metrics": "When is precision preferred over recall?",
    "chunking": "How is the chunk size for RAG chosen?",
    "failure": "Tell me about one of your projects that failed.",
}
_ABSENT = ("Who painted the ceiling of the Sistine Chapel?", "How do I bake sourdough bread at home?")


def golden() -> list[GoldQuestion]:
    """Eight answerable questions and two that are not."""
    answerable = [
        GoldQuestion(
            id=name,
            split="test",
            question=_ASKED[name],
            answerable=True,
            cards=[f"corpus/{name}"],
            spans=[{"card": f"corpus/{name}", "quote": point}],
            key_points=[point],
            reference=point,
            tags={"topic": "ml" if position % 2 else "rag", "kind": "concept"},
        )
        for position, (name, point) in enumerate(_POINT.items())
    ]
    absent = [
        GoldQuestion(id=f"absent-{n}", split="test", question=text, answerable=False, absent="off_topic")
        for n, text in enumerate(_ABSENT)
    ]
    return [*answerable, *absent]


class Worse:
    """A target whose answers, passages or questions pass through a hand that spoils them."""

    name = "worse"

    def __init__(
        self,
        target: Target,
        *,
        answers: Callable[[AnswerSchema], AnswerSchema] = lambda answer: answer,
        passages: Callable[[list[PassageSchema]], list[PassageSchema]] = lambda passages: passages,
        questions: Callable[[str], str] = lambda question: question,
    ) -> None:
        self._target = target
        self._answers, self._passages, self._questions = answers, passages, questions

    def ask(self, question: str, length: Length) -> AnswerSchema:
        return self._answers(self._target.ask(self._questions(question), length))

    def search(self, question: str, k: int) -> list[PassageSchema]:
        return self._passages(self._target.search(self._questions(question), k))

    def document(self, document_id: str) -> DocumentSchema:
        return self._target.document(document_id)

    def documents(self) -> list[DocumentSummary]:
        return self._target.documents()
