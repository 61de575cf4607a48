"""Two reports question by question: what got better, what got worse, and whether a guarded figure fell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.intervals import Estimate, estimate
from eval.report import Measures, Report

# Figures that may not fall. Speed is not among them: it is another machine's to tell.
GUARDED = (
    "retrieval.reranked.card.recall@5",
    "retrieval.reranked.card.ndcg@10",
    "retrieval.reranked.span.recall@5",
    "citations.exact",
    "citations.precision",
    "citations.recall",
    "answers.key_points",
    "answers.similarity",
    "refusal.correct",
    "ragas.faithfulness",
    "ragas.answer_relevancy",
    "ragas.context_precision",
    "ragas.context_recall",
    "ragas.factual_correctness",
)
# A change below this is rounding, of another processor for instance.
_ROUNDING = 0.002


@dataclass(frozen=True, slots=True)
class Change:
    """One figure on the questions of both runs; `difference` is the mean of now less then, with its paired interval.

    `fell` when the figure now lies below the baseline's interval, or the paired interval lies below zero.
    """

    metric: str
    before: Estimate
    now: Estimate
    difference: Estimate
    better: tuple[str, ...]
    worse: tuple[str, ...]
    guarded: bool

    @property
    def fell(self) -> bool:
        below = self.now.mean < self.before.low - _ROUNDING
        return below or self.difference.high < -_ROUNDING


@dataclass(frozen=True, slots=True)
class Comparison:
    """Changes of every figure that both runs have, the questions that only one of them asked, guarded figures gone."""

    changes: tuple[Change, ...]
    only_before: tuple[str, ...]
    only_now: tuple[str, ...]
    unmeasured: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def fallen(self) -> list[str]:
        """The guarded figures that fell, or that are measured no more."""
        return [change.metric for change in self.changes if change.guarded and change.fell] + list(self.unmeasured)


def compare(before: Report, now: Report) -> Comparison:
    """Paired by question id, over the questions to which a measure applies in both runs."""
    earlier, later = ({row.id: row for row in report.rows} for report in (before, now))
    shared = [id_ for id_ in later if id_ in earlier]
    old, new = ([rows[id_].measures for id_ in shared] for rows in (earlier, later))
    then, today = _names(old), _names(new)
    return Comparison(
        changes=tuple(change for name in today for change in _change(name, shared, old, new)),
        only_before=tuple(id_ for id_ in earlier if id_ not in later),
        only_now=tuple(id_ for id_ in later if id_ not in earlier),
        unmeasured=tuple(name for name in GUARDED if name in then and name not in today),
        notes=tuple(_notes(before, now)),
    )


def _names(rows: Sequence[Measures]) -> dict[str, None]:
    return dict.fromkeys(name for measures in rows for name in measures)


def _change(name: str, ids: Sequence[str], old: Sequence[Measures], new: Sequence[Measures]) -> Iterator[Change]:
    pairs = [
        (id_, a.get(name) or 0.0, b.get(name) or 0.0)
        for id_, a, b in zip(ids, old, new, strict=True)
        if name in a and name in b
    ]
    if not pairs:
        return
    yield Change(
        metric=name,
        before=estimate([a for _, a, _ in pairs]),
        now=estimate([b for *_, b in pairs]),
        difference=estimate([b - a for _, a, b in pairs]),
        better=tuple(id_ for id_, a, b in pairs if b - a > _ROUNDING),
        worse=tuple(id_ for id_, a, b in pairs if a - b > _ROUNDING),
        guarded=name in GUARDED,
    )


def _notes(before: Report, now: Report) -> Iterator[str]:
    """Why the two may not be comparable."""
    for what, then, today in (
        ("judge", before.judge.name, now.judge.name),
        ("verifier", before.verifier, now.verifier),
        ("split", before.split, now.split),
        ("length", before.length, now.length),
    ):
        if then != today:
            yield f"the {what} was {then!r} and is {today!r}"
