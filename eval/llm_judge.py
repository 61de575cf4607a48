"""Answers what RAGAS asks of its LLM by a language model on an OpenAI-compatible server.

A reply must be the JSON that was asked for, with a verdict of 0 or 1 on every statement: a judge that leaves out the
statements it dislikes would raise the score.
"""

import json
from typing import Any

from eval.embedded_judge import Payload, Unjudgeable, prompt_input
from service.deadline import Deadline
from service.language_model import LanguageModel

_ATTEMPTS = 2
_LISTS = {"NLIStatementOutput": "statements", "ContextRecallOutput": "classifications"}
_VERDICTS = ("verdict", "attributed", "noncommittal")


class LanguageModelJudge:
    """`answer` fills RAGAS's models; raises `GeneratorFailed`, or `Unjudgeable` for a reply that will not do."""

    def __init__(self, model: LanguageModel, max_tokens: int, seconds: float) -> None:
        self._model = model
        self._max_tokens = max_tokens
        self._seconds = seconds

    def answer(self, prompt: str, wanted: str) -> Payload:
        messages = [{"role": "user", "content": prompt}]
        fault = ""
        for _ in range(_ATTEMPTS):
            reply = "".join(self._model.stream(messages, self._max_tokens, Deadline(self._seconds)))
            try:
                return _checked(_json(reply), wanted, prompt)
            except Unjudgeable as error:
                fault = str(error)
        raise Unjudgeable(fault)


def _json(reply: str) -> Payload:
    """The first JSON object in a reply, whatever stands around it."""
    start = reply.find("{")
    try:
        found: Any = json.JSONDecoder().raw_decode(reply[start:])[0] if start >= 0 else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unjudgeable(f"the judge's reply holds no JSON object: {reply[:80]!r}")
    return found


def _checked(found: Payload, wanted: str, prompt: str) -> Payload:
    """Raises `Unjudgeable` for a verdict that is neither 0 nor 1, and for statements left out or made up."""
    rows = found.get(_LISTS[wanted]) if wanted in _LISTS else [found]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unjudgeable(f"the judge's {wanted} has no list of verdicts")
    if any(row[name] not in (0, 1) for row in rows for name in _VERDICTS if name in row):
        raise Unjudgeable("the judge's verdict is neither 0 nor 1")
    if wanted == "NLIStatementOutput" and len(rows) != (asked := len(prompt_input(prompt)["statements"])):
        raise Unjudgeable(f"the judge gave {len(rows)} verdicts on {asked} statements")
    return found
