"""What the benchmark expects of a judge, and the judge that is not there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from eval.report import Judge, Measures
from eval.runner import Asked


@dataclass(frozen=True, slots=True)
class Scored:
    """A question's measures by name, `None` where one failed, and what went wrong by the same names."""

    measures: Measures = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


class AnswerJudge(Protocol):
    """Scores answers; never raises for a question that it cannot judge."""

    def score(self, asked: Asked) -> Scored: ...

    def describe(self) -> Judge:
        """Its name, and its agreement with the labelled statements."""


class NoJudge:
    """Nothing is judged, and the report says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def score(self, asked: Asked) -> Scored:
        return Scored()

    def describe(self) -> Judge:
        return Judge(name="none", kind="none", reason=self._reason)
