"""Which lines of a Markdown text are fenced code: CommonMark's rule, save that a fence may be indented at will.

`ingest.shapes.transcript` has a rule of its own, for answers in fences which hold further, indented fences.
"""

import re
from collections.abc import Iterable, Iterator

_OPENING = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})")


class Fence:
    """Reads a text line by line."""

    def __init__(self) -> None:
        self._open = ""

    def holds(self, line: str) -> bool:
        """Whether the next line is code, or the marker that opens or closes it."""
        stripped = line.strip()
        if self._open:
            if stripped.startswith(self._open) and not stripped.strip(self._open[0]):
                self._open = ""
            return True
        if opening := _OPENING.match(line):
            self._open = opening.group(1)
        return bool(self._open)


def fenced(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The lines, each with whether a fence holds it."""
    fence = Fence()
    return ((line, fence.holds(line)) for line in lines)
