"""RAGAS's metrics over one judge, and its test-set generation: the only home of `ragas`, imported when it is needed.

The metric classes and their formulas are RAGAS's own. `NaN`, a value out of range and an exception are failures with
their reason; none of them loses a question.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Protocol, TypeVar

os.environ["RAGAS_DO_NOT_TRACK"] = "true"  # read when ragas is imported

from pydantic import BaseModel
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM
from ragas.metrics.collections import (
    AnswerRelevancy,
    ContextPrecision,
    ContextRecall,
    FactualCorrectness,
    Faithfulness,
)
from ragas.metrics.collections.faithfulness.util import NLIStatementInput, NLIStatementOutput, NLIStatementPrompt
from ragas.testset import TestsetGenerator
from ragas.testset.graph import KnowledgeGraph, Node, NodeType
from ragas.testset.persona import Persona
from ragas.testset.synthesizers.single_hop.specific import SingleHopSpecificQuerySynthesizer

from core.errors import GeneratorFailed
from eval.agreement import agreement
from eval.answer_measures import Embedder
from eval.golden import Statement
from eval.judging import Scored
from eval.ragas_samples import WORTH_NOTHING, Arguments, arguments, expected, scored
from eval.report import Judge
from eval.runner import Asked

# Calls of a language model at one time; the embedded judge computes, and gains nothing by threads.
_CALLS_AT_ONCE = 8
_Model = TypeVar("_Model", bound=BaseModel)


class Answers(Protocol):
    """Fills the fields of RAGAS's output models from its prompts; a judge that cannot answer raises."""

    def answer(self, prompt: str, wanted: str) -> Mapping[str, Any]: ...


class _Llm(InstructorBaseRagasLLM):
    """A judge behind RAGAS's own interface of a language model."""

    is_async = True

    def __init__(self, answers: Answers, workers: int) -> None:
        self._answers = answers
        self._workers = workers

    def generate(self, prompt: str, response_model: type[_Model]) -> _Model:
        return response_model.model_validate(self._answers.answer(prompt, response_model.__name__))

    async def agenerate(self, prompt: str, response_model: type[_Model]) -> _Model:
        if self._workers == 1:
            return self.generate(prompt, response_model)
        return await asyncio.to_thread(self.generate, prompt, response_model)


class _Embeddings(BaseRagasEmbedding):
    """An encoder behind RAGAS's own interface of embeddings."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self._embedder = embedder

    def embed_text(self, text: str, **_: Any) -> list[float]:
        vector: list[float] = self._embedder.encode([text]).pooled[0].tolist()
        return vector

    async def aembed_text(self, text: str, **_: Any) -> list[float]:
        return self.embed_text(text)


class RagasJudge:
    """Scores answers by RAGAS's metrics with whoever `answers`.

    `strictness` is how many questions answer relevancy makes of an answer; one suffices for a judge that does not vary.
    `grade(statement, context)` gives the scores behind the verdicts, where there are such.
    """

    def __init__(
        self,
        answers: Answers,
        embedder: Embedder,
        statements: Sequence[Statement],
        name: str,
        kind: Literal["embedded", "llm"],
        strictness: int,
        grade: Callable[[str, str], float] | None = None,
    ) -> None:
        self._workers = _CALLS_AT_ONCE if kind == "llm" else 1
        self._llm = _Llm(answers, self._workers)
        self._statements = statements
        self._name, self._kind, self._grade = name, kind, grade
        self._metrics = {
            "faithfulness": Faithfulness(self._llm),
            "answer_relevancy": AnswerRelevancy(self._llm, _Embeddings(embedder), strictness=strictness),
            "context_precision": ContextPrecision(self._llm),
            "context_recall": ContextRecall(self._llm),
            "factual_correctness": FactualCorrectness(self._llm),
        }

    def score(self, asked: Asked) -> Scored:
        """Every metric that applies. A refusal of an answerable question is worth zero, and claims nothing to check."""
        if asked.answer is None:
            return scored(dict.fromkeys(expected(asked.golden), ValueError(asked.error)))
        given = arguments(asked)
        found: dict[str, Any] = dict(zip(given, asyncio.run(self._all(given)), strict=True))
        if asked.refused and asked.golden.answerable:
            found |= {name: 0.0 for name in expected(asked.golden) if name in WORTH_NOTHING}
        return scored(found)

    def describe(self) -> Judge:
        with ThreadPoolExecutor(self._workers) as pool:
            verdicts = list(pool.map(self._verdict, self._statements))
        grade = self._grade
        scores = [grade(each.statement, each.context) for each in self._statements] if grade else None
        return Judge(
            name=self._name,
            kind=self._kind,
            agreement=agreement(self._statements, verdicts, scores) if verdicts else None,
        )

    async def _all(self, given: Mapping[str, Arguments]) -> list[Any]:
        calls = (self._metrics[name].ascore(**asked) for name, asked in given.items())
        return await asyncio.gather(*calls, return_exceptions=True)

    def _verdict(self, statement: Statement) -> bool | None:
        """Faithfulness's own prompt about one statement."""
        asked = NLIStatementInput(context=statement.context, statements=[statement.statement])
        try:
            found = self._llm.generate(NLIStatementPrompt().to_string(asked), NLIStatementOutput)
            return bool(found.statements[0].verdict)
        except Exception:  # whatever a judge does, the statement stays, as a failure
            return None


_PERSONAS = [
    Persona(name="Candidate", role_description="Prepares for an interview and asks in everyday words."),
    Persona(name="Interviewer", role_description="Examines candidates and asks for reasons, limits and numbers."),
]


def generate(answers: Answers, embedder: Embedder, texts: Mapping[str, str], size: int) -> list[tuple[str, str, str]]:
    """Questions by RAGAS's single-hop synthesizer: `(question, answer, text it was made of)`.

    `texts` maps a text to its theme. Raises `GeneratorFailed` when the language model gives nothing usable.
    """
    nodes = [
        Node(type=NodeType.CHUNK, properties={"page_content": text, "entities": [theme]})
        for text, theme in texts.items()
    ]
    llm = _Llm(answers, _CALLS_AT_ONCE)
    # Annotated for RAGAS's older interfaces, made for these as well.
    parts: dict[str, Any] = {"llm": llm, "embedding_model": _Embeddings(embedder)}
    generator = TestsetGenerator(**parts, knowledge_graph=KnowledgeGraph(nodes=nodes), persona_list=[*_PERSONAS])
    try:
        made = generator.generate(size, query_distribution=[(SingleHopSpecificQuerySynthesizer(llm=llm), 1.0)])
    except Exception as error:  # RAGAS raises what its parts raise
        raise GeneratorFailed(
            f"RAGAS made no questions ({type(error).__name__}: {str(error)[:200]})", "check PREP_JUDGE__… or its log"
        ) from error
    rows: list[dict[str, Any]] = made.to_list()  # type: ignore[union-attr]
    return [(row["user_input"], row["reference"], row["reference_contexts"][0]) for row in rows]
