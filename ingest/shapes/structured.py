"""What the recognition of a shape gives, and the even spacing of what was put together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.types import Tags


@dataclass(frozen=True, slots=True)
class Structured:
    """Markdown, with the title and tags that the shape gave away."""

    text: str
    title: str = ""
    tags: Tags = field(default_factory=dict)


_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")


def spaced(lines: Iterable[str]) -> str:
    """Lines as a text with no more than one blank line in a row outside code."""
    kept: list[str] = []
    fence = ""
    for line in lines:
        marker = _FENCE.match(line)
        if marker and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else marker.group(1)
        if line or fence or kept[-1:] != [""]:
            kept.append(line)
    return "\n".join(kept).strip("\n")
