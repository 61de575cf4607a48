"""Questions made of a corpus: by RAGAS with a language model, else its headings and aliases turned into questions.

They say so (`generated`). The latter use the documents' own words and are easier than what people ask.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from core.index import Index
from core.sentences import sentence_spans
from core.text import words
from core.types import Chunk
from eval.golden import GoldQuestion, GoldSpan
from eval.relevance import card_of
from eval.verdicts import statements_of

# A heading of more documents than this is structure ("Summary"), not content.
_DOCUMENTS_OF_A_HEADING = 2
_KEY_POINTS = 6
_MARKS = re.compile(r"[*_`#]+|^\d+[.)]\s+")


def from_index(index: Index) -> list[GoldQuestion]:
    """A question for each heading, answered by the opening of the text below, and for each alias, by its card alone."""
    chunks = index.chunks(range(len(index.chunk_ids)))
    common = _common_headings(chunks)
    made: dict[str, GoldQuestion] = {}
    for chunk in chunks:
        card = card_of(index.record(chunk.document_id).sources[0])
        for kind, asked in _asked(chunk, common):
            if asked not in made:
                made[asked] = _question(f"{card}-{len(made)}", kind, asked, card, chunk)
    return list(made.values())


# Given texts with their themes and how many, gives `(question, answer, text it was made of)`.
Synthesizer = Callable[[Mapping[str, str], int], Sequence[tuple[str, str, str]]]
_SHORTEST = 40


def from_model(index: Index, size: int, synthesize: Synthesizer) -> list[GoldQuestion]:
    """Questions and references by a language model, each about one chunk, taken from all over the corpus."""
    chunks = [chunk for chunk in index.chunks(range(len(index.chunk_ids))) if len(words(chunk.text)) >= _SHORTEST]
    chosen = {chunk.text.strip(): chunk for chunk in chunks[:: max(1, len(chunks) // size)][:size]}
    themes = {text: chunk.question or " › ".join(chunk.heading_path) or chunk.context for text, chunk in chosen.items()}
    made = []
    for number, (asked, answer, text) in enumerate(synthesize(themes, size)):
        card = card_of(index.record(chosen[text].document_id).sources[0])
        made.append(
            GoldQuestion(
                id=f"{card}-{number}",
                split="test",
                question=asked,
                answerable=True,
                cards=[card],
                spans=[GoldSpan(card=card, quote=text)],
                key_points=statements_of(answer)[:_KEY_POINTS],
                reference=answer,
                tags={"kind": "synthetic"},
                generated="ragas",
            )
        )
    return made


def write(questions: Iterable[GoldQuestion], path: Path) -> None:
    """As JSON Lines which `prep eval --questions` reads."""
    lines = (json.dumps(question.model_dump(exclude_none=True), ensure_ascii=False) for question in questions)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _common_headings(chunks: Sequence[Chunk]) -> set[str]:
    stands_in = {(heading, chunk.document_id) for chunk in chunks for heading in chunk.heading_path}
    counted = Counter(heading for heading, _ in stands_in)
    return {heading for heading, documents in counted.items() if documents > _DOCUMENTS_OF_A_HEADING}


def _asked(chunk: Chunk, common: set[str]) -> Iterator[tuple[str, str]]:
    """What a chunk may be asked, with where it comes from."""
    for alias in chunk.aliases:
        yield "alias", alias
    own = [heading for heading in chunk.heading_path if heading not in common]
    if chunk.question and chunk.question not in own:
        own.append(chunk.question)
    for heading in own[-1:]:
        plain = " ".join(_MARKS.sub("", heading).split())
        if len(words(plain)) > 1:
            yield "heading", plain if plain.endswith("?") else f"What is there to know about {plain}?"


def _question(id_: str, kind: str, asked: str, card: str, chunk: Chunk) -> GoldQuestion:
    opening = _opening(chunk.text) if kind == "heading" else None
    return GoldQuestion(
        id=id_,
        split="test",
        question=asked,
        answerable=True,
        cards=[card],
        spans=[GoldSpan(card=card, quote=opening)] if opening else [],
        key_points=statements_of(opening)[:1] if opening else [],
        reference=opening or "",
        tags={"kind": kind},
        generated="embedded",
    )


def _opening(text: str) -> str | None:
    """The first sentence of prose, as it stands in the text."""
    for block in re.finditer(
        r"^(?!\s*(?:#|\||```|\$\$|>|[-*+] |\d+[.)] ))\S.*(?:\n(?!\s*\n)\S.*)*", text, re.MULTILINE
    ):
        for start, end in sentence_spans(text, block.start(), block.end()):
            if len(words(text[start:end])) > 3:
                return text[start:end]
    return None
