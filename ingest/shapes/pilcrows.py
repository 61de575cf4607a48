"""Pages saved with their heading anchors: every heading ends in `¶`."""

import re

from ingest.shapes.numbering import is_numbered_question

_HEADING = re.compile(r"^[ \t]*(?:#{1,6} +)?(.{1,200}?)[ ]*¶[ ]*$", re.MULTILINE)


def as_headings(text: str) -> str:
    """Lines that end in a pilcrow as headings: the title, then sections, then their questions."""
    if len(_HEADING.findall(text)) < 2:
        return text
    seen = False

    def heading(match: re.Match[str]) -> str:
        nonlocal seen
        level = (3 if is_numbered_question(match.group(1)) else 2) if seen else 1
        seen = True
        return f"{'#' * level} {match.group(1).strip()}"

    text = _HEADING.sub(heading, text)
    text = re.sub(r"^[ \t]*[•●▪] +", "- ", text, flags=re.MULTILINE)
    return re.sub(r"(?<=^)([ \t]*)1\. .*$", _listed, text, flags=re.MULTILINE)


def _listed(match: re.Match[str]) -> str:
    """`1. a 2. b 3. c` on one line as a list."""
    items = [""]
    for piece in re.split(r"(?<=[.!?;)]) (?=\d{1,2}\. )", match.group().strip()):
        if piece.startswith(f"{len(items)}. "):
            items.append(piece)
        else:
            items[-1] += " " + piece
    return "\n".join(items[1:]) if len(items) > 3 else match.group().strip()
