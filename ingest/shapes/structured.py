"""What the recognition of a shape gives, and the even spacing of what was put together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.types import Tags
from ingest.fences import fenced


@dataclass(frozen=True, slots=True)
class Structured:
    """Markdown, with the title and tags that the shape gave away."""

    text: str
    title: str = ""
    tags: Tags = field(default_factory=dict)


def spaced(lines: Iterable[str]) -> str:
    """Lines as a text with no more than one blank line in a row outside code."""
    kept: list[str] = []
    for line, code in fenced(lines):
        if line or code or kept[-1:] != [""]:
            kept.append(line)
    return "\n".join(kept).strip("\n")
