"""What the service asks of a language model; `service/openai_model.py` is the one there is."""

from collections.abc import Iterator
from typing import Protocol

from service.deadline import Deadline

Messages = list[dict[str, str]]


class LanguageModel(Protocol):
    """Continues a conversation."""

    def stream(self, messages: Messages, max_tokens: int, deadline: Deadline) -> Iterator[str]:
        """The reply, piece by piece. Raises `GeneratorFailed`, by the deadline at the latest."""
