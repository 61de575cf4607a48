"""How `prep` says no: what is missing, and which questions of the corpus are near."""

from collections.abc import Sequence

from core.types import Nearest, Passage, Reason
from service.neutral import neutral

_SAID: dict[Reason, str] = {
    "not_in_corpus": "The corpus does not hold an answer to this.",
    "no_index": "There is nothing to answer from yet: run `prep ingest PATH`, or upload a document.",
    "no_support": "The corpus touches on this, but no sentence of the drafted answer is supported by it.",
}
_MOST = 3


def nearest_questions(ranked: Sequence[Passage]) -> tuple[Nearest, ...]:
    """The questions (or, where there are none, titles) of the passages found, best first, each once."""
    found: dict[str, Nearest] = {}
    for passage in ranked:
        question = passage.chunk.question or passage.title
        found.setdefault(question, Nearest(question, passage.chunk.document_id))
    return tuple(found.values())[:_MOST]


def refusal_text(reason: Reason, missing: Sequence[str], nearest: Sequence[Nearest]) -> str:
    """A refusal that can be read aloud."""
    parts = [_SAID[reason]]
    if missing:
        parts.append(f"Nothing in it mentions {_listed([f'“{word}”' for word in missing[:5]])}.")
    if nearest:
        parts.append(
            "The nearest questions it holds:\n\n" + "\n".join(f"- {neutral(near.question)}" for near in nearest)
        )
    return " ".join(parts)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
