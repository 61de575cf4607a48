"""What RAGAS's metrics are asked of a question, and what is made of their results; knows nothing of `ragas` itself."""

import math
import re
from collections.abc import Mapping
from typing import Any

from eval.golden import GoldQuestion
from eval.judging import Scored
from eval.report import Measures
from eval.runner import HANDED, Asked

METRICS = ("faithfulness", "answer_relevancy", "context_precision", "context_recall", "factual_correctness")
# What a refusal of an answerable question scores zero in.
WORTH_NOTHING = ("answer_relevancy", "factual_correctness")
Arguments = dict[str, Any]
_SLACK = 1e-6
_MARKER = re.compile(r"\s*\[\d+\]")


def arguments(asked: Asked) -> dict[str, Arguments]:
    """What each metric that applies is asked; none of a refusal as such, and only references of answerable questions.

    What the generator was given are the passages; to check faithfulness, the quotes it cites are read beside them.
    """
    if asked.answer is None:
        return {}
    user_input, reference = asked.golden.question, asked.golden.reference
    contexts = [passage.text for passage in asked.passages[:HANDED]]
    response = _MARKER.sub("", asked.answer.text)
    given: dict[str, Arguments] = {}
    if not asked.refused:
        read = [*contexts, *(citation.quote for citation in asked.answer.citations)]
        given["faithfulness"] = {"user_input": user_input, "response": response, "retrieved_contexts": read}
        given["answer_relevancy"] = {"user_input": user_input, "response": response}
    if asked.golden.answerable and reference:
        found = {"user_input": user_input, "reference": reference, "retrieved_contexts": contexts}
        given |= {"context_precision": found, "context_recall": found}
        if not asked.refused:
            given["factual_correctness"] = {"response": response, "reference": reference}
    return given


def expected(golden: GoldQuestion) -> tuple[str, ...]:
    """The metrics that an answer to a question is due; those that need a reference come last."""
    if not golden.answerable:
        return ()
    return METRICS if golden.reference else METRICS[:2]


def scored(found: Mapping[str, Any]) -> Scored:
    """Values by measure, `None` with its reason where a metric gave no number between -1 and 1."""
    values: Measures = {}
    errors: dict[str, str] = {}
    for name, result in found.items():
        value = getattr(result, "value", result)
        if isinstance(value, Exception):
            errors[f"ragas.{name}"] = f"{type(value).__name__}: {value}"[:300]
        elif not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1 + _SLACK:
            errors[f"ragas.{name}"] = f"the judge gave {value}, which is no score"
        values[f"ragas.{name}"] = None if f"ragas.{name}" in errors else float(value)
    return Scored(values, errors)
