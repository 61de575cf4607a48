"""An optional cross-encoder behind a setting: scores question and passage together, in a model of its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ModelUnavailable
from core.types import Passage

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


def cross_encoder(model: str, advice: str) -> "CrossEncoder":
    """A model from a path or name. Raises `ModelUnavailable` with the advice when it cannot be loaded."""
    from sentence_transformers import CrossEncoder

    try:
        loaded: CrossEncoder = CrossEncoder(model, device="cpu")
    except Exception as error:
        raise ModelUnavailable(
            f"the cross-encoder {model!r} does not load ({type(error).__name__}: {error})", advice
        ) from error
    return loaded


class CrossEncoderReranker:
    """sentence-transformers' CrossEncoder from a path or name; a model that cannot load is an error, never a skip."""

    def __init__(self, model: str, depth: int) -> None:
        self.depth = depth
        self._model = cross_encoder(model, "correct or unset PREP_RETRIEVAL__CROSS_ENCODER")

    def rerank(self, question: str, ranked: Sequence[Passage]) -> list[Passage]:
        """Order the first `depth` passages by the cross-encoder; the rest follow as they were."""
        head = ranked[: self.depth]
        if not head:
            return []
        scores = self._model.predict([(question, passage.chunk.encoded) for passage in head])
        scored = [
            replace(passage, scores=replace(passage.scores, cross_encoder=float(score)))
            for passage, score in zip(head, scores, strict=True)
        ]
        scored.sort(key=lambda passage: passage.scores.cross_encoder or 0.0, reverse=True)
        return [*scored, *ranked[self.depth :]]
