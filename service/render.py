"""Checked sentences to the text of an answer: Markdown with `[n]` after what each citation covers."""

from collections.abc import Sequence
from itertools import groupby

from core.types import Sentence


def render(sentences: Sequence[Sentence]) -> str:
    """Paragraphs, lists and blocks in order; a marker stands where its citation is used last in a row."""
    paragraphs = groupby(enumerate(sentences), key=lambda numbered: numbered[1].paragraph)
    return "\n\n".join(_paragraph(list(numbered), sentences) for _, numbered in paragraphs)


def _paragraph(numbered: list[tuple[int, Sentence]], sentences: Sequence[Sentence]) -> str:
    text = ""
    previous: Sentence | None = None
    for position, sentence in numbered:
        follower = sentences[position + 1] if position + 1 < len(sentences) else None
        goes_on = follower is not None and (follower.paragraph, follower.citations) == (
            sentence.paragraph,
            sentence.citations,
        )
        text += _separator(previous, sentence) + _body(sentence, "" if goes_on else _markers(sentence))
        previous = sentence
    return text


def _separator(previous: Sentence | None, sentence: Sentence) -> str:
    if previous is None:
        return ""
    if sentence.kind == previous.kind == "sentence":
        return " "
    return "\n" if sentence.kind == previous.kind == "item" else "\n\n"


def _body(sentence: Sentence, markers: str) -> str:
    if sentence.kind == "item":
        return f"{'  ' * sentence.depth}- {sentence.text}{markers}"
    if sentence.kind == "sentence":
        return f"{sentence.text}{markers}"
    return f"{sentence.text}\n\n{markers.strip()}".rstrip()


def _markers(sentence: Sentence) -> str:
    return "".join(f" [{n}]" for n in sentence.citations)
