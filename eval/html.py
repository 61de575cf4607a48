"""The report as one HTML file that fetches nothing: tables, charts, and every question with what happened to it."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from eval import charts
from eval.golden import TAGS
from eval.report import Figure, Report
from eval.stages import SERVED, STAGES

_FOLDER = Path(__file__).parent
# Bars of the ablation.
_SHOWN = {"nDCG@10 by card": "card.ndcg@10", "recall@5 by card": "card.recall@5", "recall@5 by span": "span.recall@5"}
# Columns of the table of questions.
COLUMNS = {
    "recall@5": "retrieval.reranked.card.recall@5",
    "nDCG@10": "retrieval.reranked.card.ndcg@10",
    "span@5": "retrieval.reranked.span.recall@5",
    "cited": "citations.precision",
    "covered": "citations.recall",
    "key points": "answers.key_points",
    "similarity": "answers.similarity",
    "faithful": "ragas.faithfulness",
    "relevant": "ragas.answer_relevancy",
    "correct": "ragas.factual_correctness",
}


def render(report: Report) -> str:
    """The whole page; every text is escaped."""
    return _template().render(
        report=report,
        columns={title: name for title, name in COLUMNS.items() if name in report.metrics},
        tags=TAGS,
        charts=[Markup(chart) for chart in _charts(report)],  # noqa: S704 (labels are escaped in eval.charts)
        outcome=outcome,
    )


def outcome(refused: bool, answerable: bool, failed: bool) -> str:
    """What became of a question, in a word or two."""
    if failed:
        return "failed"
    if answerable:
        return "refused wrongly" if refused else "answered"
    return "refused rightly" if refused else "answered wrongly"


def _charts(report: Report) -> list[str]:
    stages = {stage: measured for stage in (*STAGES, SERVED) if (measured := _ablation(report, stage))}
    asked = [row.wall_ms for row in report.rows if row.answer]
    return [
        charts.bars(stages, "Ablation: each stage alone, the served one last, with 95 % intervals"),
        charts.curve(
            report.risk_coverage,
            "Risk and coverage: answering the most confident questions first",
            "coverage",
            "risk",
        ),
        charts.histogram(asked, "Latency of an answer", "milliseconds"),
    ]


def _ablation(report: Report, stage: str) -> dict[str, Figure]:
    names = {title: f"retrieval.{stage}.{name}" for title, name in _SHOWN.items()}
    return {title: report.metrics[name] for title, name in names.items() if name in report.metrics}


@cache
def _template() -> Template:
    loader = FileSystemLoader(_FOLDER)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")
