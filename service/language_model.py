"""What the service asks of a language model; `service/openai_model.py` is the one there is."""

from collections.abc import Iterator
from typing import Protocol

from core.errors import GeneratorFailed
from service.deadline import Deadline
from service.thoughts import Thoughts

Messages = list[dict[str, str]]


class CutShort(GeneratorFailed):
    """A reply ended before the model had finished, at its length limit for example; what came of it has been given."""

    retryable = False


class LanguageModel(Protocol):
    """Continues a conversation."""

    def stream(self, messages: Messages, max_tokens: int, deadline: Deadline) -> Iterator[str]:
        """The reply, piece by piece. Raises `GeneratorFailed`, by the deadline at the latest, and `CutShort`."""


def without_thoughts(reply: str) -> str:
    """A reply without what a model that reasons wrote for itself."""
    thoughts = Thoughts()
    said, _ = thoughts.spoken(reply)
    return said + thoughts.rest()
