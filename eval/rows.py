"""What the report keeps of one question, so that a person finds out why it scored as it did."""

from collections.abc import Sequence
from typing import Literal

from eval.relevance import Relevant
from eval.report import Measures, PassageRow, QuestionRow
from eval.runner import Asked, place_of
from service.schemas import PassageSchema

# Passages kept of each question, and characters of each.
_KEPT = 10
_LONGEST = 600


def question_row(
    asked: Asked, measures: Measures, judge_errors: dict[str, str], sentence_scores: Sequence[float]
) -> QuestionRow:
    """The row of a question; numbers are rounded to what they mean."""
    golden = asked.golden
    return QuestionRow(
        id=golden.id,
        question=golden.question,
        answerable=golden.answerable,
        absent=golden.absent,
        tags=golden.tags,
        reference=golden.reference,
        key_points=golden.key_points,
        measures={name: value if value is None else round(value, 6) for name, value in measures.items()},
        error=asked.error,
        wall_ms=round(asked.wall_ms, 2),
        answer=asked.answer,
        sentence_scores=[round(score, 3) for score in sentence_scores],
        passages=[_passage(passage, asked.relevant) for passage in asked.passages[:_KEPT]],
        judge_errors=judge_errors,
    )


def _passage(passage: PassageSchema, relevant: Relevant) -> PassageRow:
    return PassageRow(
        document_id=passage.document_id,
        source=passage.source,
        title=passage.title,
        text=passage.text[:_LONGEST],
        start=passage.start,
        end=passage.end,
        scores=passage.scores,
        relevant=_relevance(passage, relevant),
    )


def _relevance(passage: PassageSchema, relevant: Relevant) -> Literal["span", "card", "no"]:
    if any(place_of(passage).overlaps(place) for place in relevant.places):
        return "span"
    return "card" if passage.document_id in relevant.documents else "no"
