"""A cited passage cut down to the sentences that bear a claim out, as an exact slice of its document."""

from collections.abc import Sequence

from core.markdown import blocks
from core.sentences import sentence_spans
from core.text import terms
from core.types import Chunk, Citation, Passage

_MOST_SENTENCES = 3
# A window stands for the passage when it holds this share of what the passage holds of the claim.
_SHARE = 0.85


def cite(n: int, passage: Passage, claim: str) -> Citation:
    """The fewest neighbouring sentences of a passage that hold the claim's words, or the whole passage."""
    chunk = passage.chunk
    start, end = _window(chunk, claim)
    return Citation(
        n=n,
        document_id=chunk.document_id,
        title=passage.title,
        heading_path=chunk.heading_path,
        source=passage.source,
        quote=chunk.text[start:end],
        start=chunk.start + start,
        end=chunk.start + end,
    )


def _window(chunk: Chunk, claim: str) -> tuple[int, int]:
    said = set(terms(claim))
    text = chunk.text
    spans = [(span, set(terms(text[slice(*span)])) & said) for span in _spans(text)]
    needed = _SHARE * len(set().union(*(held for _, held in spans)))
    for size in range(1, _MOST_SENTENCES + 1) if needed else ():
        windows = [spans[i : i + size] for i in range(len(spans) - size + 1)]
        best = max(windows, key=_held, default=[])
        if best and _held(best) >= needed:
            return best[0][0][0], best[-1][0][1]
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _held(window: Sequence[tuple[tuple[int, int], set[str]]]) -> int:
    return len(set().union(*(held for _, held in window)))


def _spans(text: str) -> list[tuple[int, int]]:
    """Sentences, and items, tables, code and formulas as a whole; headings and rules are no evidence."""
    found: list[tuple[int, int]] = []
    for block in blocks(text):
        if block.kind in ("paragraph", "quote"):
            found += sentence_spans(text, block.start, block.end)
        elif block.kind not in ("heading", "rule"):
            found.append((block.start, block.end))
    return found
