"""Every golden question is asked once; what fails becomes a row with its error, never a gap."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import PrepError
from core.types import Length
from eval.golden import GoldQuestion
from eval.relevance import Corpus, Place, Relevant
from eval.targets import Target
from service.schemas import AnswerSchema, PassageSchema

# Passages read for a ranking: several may be of one document, and ten documents are to be ranked.
DEPTH = 50
HANDED = 8
"""Passages that the generator gets by default."""
Progress = Callable[[str, int, int], None]
Stages = Mapping[str, Sequence[Place]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what came back, how long the answer took, and what should have been found.

    `stages` are rankings of the stages before the served one, where the target lets them be seen.
    """

    golden: GoldQuestion
    relevant: Relevant
    answer: AnswerSchema | None = None
    passages: Sequence[PassageSchema] = ()
    stages: Stages = field(default_factory=dict)
    wall_ms: float = 0.0
    error: str | None = None

    @property
    def refused(self) -> bool:
        return self.answer is not None and self.answer.refused


def ask_all(
    questions: Sequence[GoldQuestion],
    target: Target,
    corpus: Corpus,
    stages: Callable[[str], Stages],
    length: Length,
    progress: Progress,
) -> Iterator[Asked]:
    """One row for each question, in their order."""
    for done, question in enumerate(questions):
        progress("asking", done, len(questions))
        yield _ask(question, target, corpus, stages, length)


def _ask(
    question: GoldQuestion, target: Target, corpus: Corpus, stages: Callable[[str], Stages], length: Length
) -> Asked:
    relevant = Relevant()
    started = time.perf_counter()
    try:
        relevant = corpus.relevant(question)
        started = time.perf_counter()
        answer = target.ask(question.question, length)
        wall_ms = (time.perf_counter() - started) * 1000
        passages = target.search(question.question, DEPTH)
        return Asked(question, relevant, answer, passages, stages(question.question), wall_ms)
    except Exception as error:  # a fault in what is measured is a finding, not the end of the run
        said = str(error) if isinstance(error, PrepError) else f"{type(error).__name__}: {error}"
        return Asked(question, relevant, wall_ms=(time.perf_counter() - started) * 1000, error=said)


def place_of(passage: PassageSchema) -> Place:
    """Where a passage stands."""
    return Place(passage.document_id, passage.start, passage.end)
