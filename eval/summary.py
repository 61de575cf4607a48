"""Measures of single questions → figures: overall, and by topic, kind and difficulty."""

from collections.abc import Sequence

from eval.golden import TAGS
from eval.intervals import Estimate, estimate
from eval.report import Figure, Measures, QuestionRow

# What is broken down by tag; the rest is in the rows.
HEADLINES = (
    "retrieval.reranked.card.recall@5",
    "retrieval.reranked.card.ndcg@10",
    "retrieval.reranked.span.recall@5",
    "citations.precision",
    "answers.key_points",
    "ragas.faithfulness",
    "ragas.answer_relevancy",
)


def figures(measured: Sequence[Measures]) -> dict[str, Figure]:
    """Each measure over the questions to which it applies; a failure counts as zero and is told."""
    names = dict.fromkeys(name for measures in measured for name in measures)
    return {name: figure([measures[name] for measures in measured if name in measures]) for name in names}


def figure(values: Sequence[float | None]) -> Figure:
    """Mean with interval; at least one value."""
    return figure_of(estimate([value or 0.0 for value in values]), sum(value is None for value in values))


def figure_of(estimated: Estimate, failures: int = 0) -> Figure:
    """An estimate as the report writes it."""
    return Figure(
        mean=round(estimated.mean, 4),
        low=round(estimated.low, 4),
        high=round(estimated.high, 4),
        n=estimated.n,
        failures=failures,
    )


def groups(rows: Sequence[QuestionRow]) -> dict[str, dict[str, dict[str, Figure]]]:
    """The headline measures by tag and value."""
    found: dict[str, dict[str, dict[str, Figure]]] = {}
    for tag in TAGS:
        for value in sorted({row.tags[tag] for row in rows if tag in row.tags}):
            measured = [
                {name: row.measures[name] for name in HEADLINES if name in row.measures}
                for row in rows
                if row.tags.get(tag) == value
            ]
            if inside := figures(measured):
                found.setdefault(tag, {})[value] = inside
    return found
