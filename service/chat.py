"""Answers written by a language model from numbered passages. Nothing that it writes is trusted: grounding follows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.errors import GeneratorFailed
from core.types import Draft, DraftSentence, Passage
from service.composition import Task
from service.draft_parser import DraftParser
from service.language_model import LanguageModel
from service.narrowing import cite
from service.prompts import NOT_HELD, answering, repeats_rules

NAME = "chat"
# Of the time that is left the extractive answer must be able to follow: a share, and at most so many seconds.
_SHARE_KEPT, _MOST_KEPT = 0.3, 2.0
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
        for sentence in self._sentences(messages, task):
            draft = _draft(sentence, task.ranked)
            said, cited = True, cited or bool(draft.citations)
            yield draft
        if not cited:
            fault = "cited no passage that it was given" if said else "wrote nothing"
            raise GeneratorFailed(f"the language model {fault}", "a larger model follows the rules more often")

    def _sentences(self, messages: list[dict[str, str]], task: Task) -> Iterator[DraftSentence]:
        parser = DraftParser()
        for piece in self._model.stream(messages, self._max_tokens, task.deadline.earlier(_SHARE_KEPT, _MOST_KEPT)):
            yield from parser.feed(piece)
        yield from parser.finish()


def _draft(sentence: DraftSentence, passages: Sequence[Passage]) -> Draft:
    """One sentence with its citations; numbers that no passage has are dropped."""
    if sentence.text.strip(" *_") == NOT_HELD:
        raise GeneratorFailed("the language model found no answer in the passages", "ask in other words")
    if repeats_rules(sentence.text):
        return Draft((replace(sentence, text=_WITHHELD, citations=()),), (), NAME)
    numbers = tuple(n for n in sentence.citations if 1 <= n <= len(passages))
    citations = tuple(cite(n, passages[n - 1], sentence.text) for n in numbers)
    return Draft((replace(sentence, citations=numbers),), citations, NAME)
