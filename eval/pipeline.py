"""Golden questions → report: ask → measure → judge → sum up. The only file that knows the order of these steps."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from core.types import Length
from eval.answer_measures import Embedder, answer_measures
from eval.citation_measures import citation_measures, sentence_scores
from eval.golden import GoldQuestion
from eval.judging import AnswerJudge, Scored
from eval.ranking_measures import ranking_measures
from eval.refusal_measures import curve, refusal_estimates, refusal_measure
from eval.relevance import Corpus
from eval.report import Canary, Counts, LatencyFigure, Measures, QuestionRow, Report
from eval.rows import question_row
from eval.runner import Asked, Progress, Stages, ask_all
from eval.speed import answers_per_second, latencies
from eval.summary import figure_of, figures, groups
from eval.targets import Target
from service.grounding import Verifier


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured and what it is measured with."""

    target: Target
    stages: Callable[[str], Stages]
    verifier: Verifier
    embedder: Embedder
    judge: AnswerJudge
    length: Length


@dataclass(frozen=True, slots=True)
class About:
    """What the report says of the run; the canary and the cold start are measured outside."""

    command: str
    split: str
    canary: Canary | None = None
    cold_start_s: float | None = None


def evaluate(questions: Sequence[GoldQuestion], bench: Bench, about: About, progress: Progress) -> Report:
    """Ask every question once and measure everything on what came back. At least one question."""
    started = time.perf_counter()
    corpus = Corpus(bench.target)
    corpus.require(questions)
    asked = list(ask_all(questions, bench.target, corpus, bench.stages, bench.length, progress))
    measured = [dict(_measures(row, corpus, bench)) for row in asked]
    judged = [bench.judge.score(row) for row in _told(asked, progress)]
    rows = [_row(*each, bench) for each in zip(asked, measured, judged, strict=True)]
    return _report(asked, rows, bench, about, time.perf_counter() - started)


def _measures(row: Asked, corpus: Corpus, bench: Bench) -> Iterator[tuple[str, float | None]]:
    yield from ranking_measures(row)
    yield from citation_measures(row, corpus, bench.verifier)
    yield from answer_measures(row, bench.embedder, bench.length)
    yield refusal_measure(row)


def _told(asked: Sequence[Asked], progress: Progress) -> Iterator[Asked]:
    for done, row in enumerate(asked):
        progress("judging", done, len(asked))
        yield row


def _row(asked: Asked, measured: Measures, judged: Scored, bench: Bench) -> QuestionRow:
    scores = sentence_scores(asked.answer, bench.verifier) if asked.answer else []
    return question_row(asked, {**measured, **judged.measures}, dict(judged.errors), scores)


def _report(asked: Sequence[Asked], rows: Sequence[QuestionRow], bench: Bench, about: About, seconds: float) -> Report:
    refusals = {name: figure_of(found) for name, found in refusal_estimates(asked).items()}
    return Report(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=about.command,
        target=bench.target.name,
        split=about.split,
        length=bench.length,
        fingerprint=next((row.answer.fingerprint for row in asked if row.answer), ""),
        counts=_counts(asked),
        verifier=type(bench.verifier).__name__,
        judge=bench.judge.describe(),
        canary=about.canary,
        metrics={**figures([row.measures for row in rows]), **refusals},
        groups=groups(rows),
        risk_coverage=curve(asked),
        latency_ms={stage: LatencyFigure(**asdict(found)) for stage, found in latencies(asked).items()},
        cold_start_s=about.cold_start_s,
        answers_per_second=round(answers_per_second(asked), 2),
        seconds=round(seconds, 1),
        rows=list(rows),
    )


def _counts(asked: Sequence[Asked]) -> Counts:
    return Counts(
        questions=len(asked),
        answerable=sum(row.golden.answerable for row in asked),
        absent=sum(not row.golden.answerable for row in asked),
        refused=sum(row.refused for row in asked),
        failures=sum(row.error is not None for row in asked),
    )
