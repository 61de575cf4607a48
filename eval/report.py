"""The report as it is written to report.json and read again as a baseline; docs/benchmark.md describes each field."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InvalidDataset
from service.schemas import AnswerSchema, ScoresSchema

SCHEMA = 1
Measures = dict[str, float | None]
"""By name; `None` where the measure failed. A measure that does not apply to a question is not there."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Figure(_Part):
    """A mean with its 95 % interval over `n` questions, of which `failures` gave no value and count as zero."""

    mean: float
    low: float
    high: float
    n: int
    failures: int = 0


class LatencyFigure(_Part):
    p50: float
    p95: float
    n: int


class Agreement(_Part):
    """A judge against the labelled statements; `auc` where it gives scores, `by_change` is the share judged right."""

    n: int
    failures: int
    balanced_accuracy: Figure
    auc: Figure | None
    by_change: dict[str, Figure]


class Judge(_Part):
    """Who gave the RAGAS verdicts, and how far to trust them."""

    name: str
    kind: Literal["embedded", "llm", "none"]
    reason: str | None = None
    agreement: Agreement | None = None


class Canary(_Part):
    """Whether an answer that cannot be known beforehand came back, cited."""

    passed: bool
    detail: str


class PassageRow(_Part):
    """A passage that was retrieved; `relevant` says by what: a card, or the span itself."""

    document_id: str
    source: str
    title: str
    text: str
    start: int
    end: int
    scores: ScoresSchema
    relevant: Literal["span", "card", "no"]


class QuestionRow(_Part):
    """One question with all that was measured on it."""

    id: str
    question: str
    answerable: bool
    absent: str | None
    tags: dict[str, str]
    reference: str
    key_points: list[str]
    measures: Measures
    error: str | None
    wall_ms: float
    answer: AnswerSchema | None
    sentence_scores: list[float]
    passages: list[PassageRow]
    judge_errors: dict[str, str]


class Counts(_Part):
    questions: int
    answerable: int
    absent: int
    refused: int
    failures: int


class Report(_Part):
    """One run."""

    schema_version: int = SCHEMA
    created: str
    command: str
    target: str
    split: str
    length: str
    fingerprint: str
    counts: Counts
    verifier: str
    judge: Judge
    canary: Canary | None
    metrics: dict[str, Figure]
    groups: dict[str, dict[str, dict[str, Figure]]]
    risk_coverage: list[tuple[float, float]]
    latency_ms: dict[str, LatencyFigure]
    cold_start_s: float | None
    answers_per_second: float
    seconds: float
    rows: list[QuestionRow]

    def bare(self) -> "Report":
        """The same without answers and passages: what a comparison needs, small enough to be kept in a repository."""
        nothing: dict[str, object] = {
            "answer": None,
            "passages": [],
            "sentence_scores": [],
            "reference": "",
            "key_points": [],
        }
        return self.model_copy(update={"rows": [row.model_copy(update=nothing) for row in self.rows]})


def read_report(path: Path) -> Report:
    """An earlier report. Raises `InvalidDataset`."""
    try:
        report = Report.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidDataset(
            f"{path} is no report of `prep eval` ({type(error).__name__})", "give a report.json"
        ) from error
    if report.schema_version != SCHEMA:
        raise InvalidDataset(f"{path} has schema {report.schema_version}, not {SCHEMA}", "make the baseline anew")
    return report
