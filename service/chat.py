"""Answers written by a language model from numbered passages. Nothing that it writes is trusted: grounding follows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from core.errors import GeneratorFailed
from core.types import Draft, DraftSentence, Passage
from service.composition import Task
from service.deadline import Deadline
from service.draft_parser import DraftParser
from service.language_model import CutShort, LanguageModel
from service.narrowing import cite
from service.prompts import NOT_HELD, answering, repeats_rules

T = TypeVar("T")
NAME = "chat"
_WITHHELD = "(a sentence that repeats the instructions of prep)"


class ChatGenerator:
    """`write` gives a draft sentence by sentence, each with the passages it cites."""

    def __init__(self, model: LanguageModel, max_tokens: int) -> None:
        self._model = model
        self._max_tokens = max_tokens

    def write(self, task: Task) -> Iterator[Draft]:
        """Parts of one draft. Raises `GeneratorFailed` for every fault, a draft without any citation included."""
        messages = answering(task.found.question, task.ranked, task.length)
        cited = said = False
        for sentence in _in_time(self._sentences(messages, task), task.deadline):
            draft = _draft(sentence, task.ranked)
            said, cited = True, cited or bool(draft.citations)
            yield draft
        if not cited:
            fault = "cited no passage that it was given" if said else "wrote nothing"
            raise GeneratorFailed(f"the language model {fault}", "a larger model follows the rules more often")

    def _sentences(self, messages: list[dict[str, str]], task: Task) -> Iterator[DraftSentence]:
        """The sentences of the reply; of one that was cut short, those which are complete."""
        parser, complete = DraftParser(), False
        try:
            for piece in _in_time(self._model.stream(messages, self._max_tokens, task.deadline), task.deadline):
                for sentence in parser.feed(piece):
                    complete = True
                    yield sentence
        except CutShort:
            if complete:
                return
            raise
        yield from parser.finish()


def _in_time(items: Iterable[T], deadline: Deadline) -> Iterator[T]:
    """The items as long as there is time; what a model said at once may take longer to read and check."""
    for item in items:
        if not deadline.remaining():
            raise GeneratorFailed("the language model's draft was not checked in time", "raise the deadline")
        yield item


def _draft(sentence: DraftSentence, passages: Sequence[Passage]) -> Draft:
    """One sentence with its citations; numbers that no passage has are dropped."""
    if sentence.text.strip(" *_") == NOT_HELD:
        raise GeneratorFailed("the language model found no answer in the passages", "ask in other words")
    if repeats_rules(sentence.text):
        return Draft((replace(sentence, text=_WITHHELD, citations=()),), (), NAME)
    numbers = tuple(n for n in sentence.citations if 1 <= n <= len(passages))
    citations = tuple(cite(n, passages[n - 1], sentence.text) for n in numbers)
    return Draft((replace(sentence, citations=numbers),), citations, NAME)
