"""Answers what RAGAS asks of its LLM without one: sentences are the statements, the service's verifier gives verdicts.

What RAGAS asks is read out of its own prompts, which end in their input as one JSON object; what comes back has the
fields of the model that RAGAS wants filled. So its metrics run unchanged, and only the judge differs.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from core.text import words
from eval.answer_measures import Embedder
from eval.verdicts import statements_of, support
from service.grounding import Verifier

Payload = dict[str, Any]
# A line of its own in RAGAS's prompts; within the JSON that follows no line feed stands unescaped.
_INPUT = "\nNow perform the same with the following input\ninput: "
_OUTPUT = "\nOutput: "
_EVASIVE = re.compile(
    r"\b(?:i (?:do not|don['’]t) know|(?:i am|i['’]m) not sure|it depends\W*$|can(?:not|['’]t) (?:answer|say)"
    r"|no (?:answer|information)|not enough information|does not (?:hold|contain|say|mention))",
    re.IGNORECASE,
)


class Unjudgeable(ValueError):
    """A prompt that this judge does not know, or one to which it has no answer."""


def prompt_input(prompt: str) -> Payload:
    """The input in one of RAGAS's prompts. Raises `Unjudgeable`."""
    _, found, rest = prompt.rpartition(_INPUT)
    if not found or not rest.rstrip().endswith(_OUTPUT.strip()):
        raise Unjudgeable("the prompt does not end in an input as RAGAS 0.4 writes it")
    payload: Payload = json.loads(rest.rstrip().removesuffix(_OUTPUT.strip()))
    return payload


class EmbeddedJudge:
    """`answer` fills RAGAS's models; `questions` are those that the measured corpus says it answers."""

    def __init__(self, verifier: Verifier, embedder: Embedder, questions: Sequence[str]) -> None:
        self.verifier = verifier
        self._embedder = embedder
        self._questions = list(dict.fromkeys(filter(str.strip, questions)))
        self._question_vectors = embedder.encode(self._questions).pooled if self._questions else None
        self._tasks: dict[str, Callable[[Payload], Payload]] = {
            "StatementGeneratorOutput": lambda asked: {"statements": statements_of(asked["answer"])},
            "ClaimDecompositionOutput": lambda asked: {"claims": statements_of(asked["response"])},
            "NLIStatementOutput": self._verdicts,
            "ContextPrecisionOutput": self._usefulness,
            "ContextRecallOutput": self._attributions,
            "AnswerRelevanceOutput": self._question,
        }

    def answer(self, prompt: str, wanted: str) -> Payload:
        """The fields of the model named `wanted` for a prompt of RAGAS. Raises `Unjudgeable`."""
        try:
            return self._tasks[wanted](prompt_input(prompt))
        except KeyError as error:
            raise Unjudgeable(f"the embedded judge has no answer of the kind {wanted} ({error})") from error

    def _judged(self, statement: str, context: str) -> tuple[int, str]:
        score = support(self.verifier, statement, context)
        needed = self.verifier.fair_threshold
        return int(score >= needed), f"support {score:.2f}, needed {needed:.2f}"

    def _verdicts(self, asked: Payload) -> Payload:
        rows = []
        for statement in asked["statements"]:
            verdict, reason = self._judged(statement, asked["context"])
            rows.append({"statement": statement, "reason": reason, "verdict": verdict})
        return {"statements": rows}

    def _attributions(self, asked: Payload) -> Payload:
        rows = []
        for statement in statements_of(asked["answer"]):
            verdict, reason = self._judged(statement, asked["context"])
            rows.append({"statement": statement, "reason": reason, "attributed": verdict})
        return {"classifications": rows}

    def _usefulness(self, asked: Payload) -> Payload:
        """A context is useful when it supports one statement of the answer."""
        for statement in statements_of(asked["answer"]):
            verdict, reason = self._judged(statement, asked["context"])
            if verdict:
                return {"verdict": 1, "reason": f"{reason}: {statement}"}
        return {"verdict": 0, "reason": "it supports no statement of the answer"}

    def _question(self, asked: Payload) -> Payload:
        """The question of the corpus that lies nearest to the answer stands for the one an LLM would make up."""
        response = asked["response"]
        if self._question_vectors is None:
            raise Unjudgeable("the corpus names no questions")
        opening = " ".join(words(response)[:30])
        vector = self._embedder.encode([response]).pooled[0]
        nearest = int((self._question_vectors @ vector).argmax())
        return {"question": self._questions[nearest], "noncommittal": int(bool(_EVASIVE.search(opening)))}
