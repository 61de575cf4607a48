"""Links and raw HTML in Markdown that would run something: the words stay, what runs goes. Code is left as it is."""

import re

from ingest.fences import Fence

_SCHEME = r"\s*<?\s*(?:javascript|vbscript|data)\s*:"
_LINK = re.compile(rf"!?\[([^\[\]\n]{{0,500}})\]\({_SCHEME}[^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)", re.IGNORECASE)
_REFERENCE = re.compile(rf"[ ]{{0,3}}\[[^\]\n]{{1,200}}\]:{_SCHEME}", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(?:javascript|vbscript|data):[^<>\n]*>", re.IGNORECASE)
_OPEN = re.compile(r"\s*<(script|style)\b", re.IGNORECASE)


def without_scripts(text: str) -> str:
    """The text without script blocks and without links of schemes that run code."""
    if not re.search(r"<script|<style|javascript|vbscript|data\s*:", text, re.IGNORECASE):
        return text
    kept: list[str] = []
    fence, inside = Fence(), ""
    for line in text.split("\n"):
        if not inside and fence.holds(line):
            kept.append(line)
            continue
        if not inside and (opened := _OPEN.match(line)):
            inside = f"</{opened.group(1).lower()}"
        if inside:
            inside = "" if inside in line.lower() else inside
        elif not _REFERENCE.match(line):
            kept.append(_AUTOLINK.sub("", _LINK.sub(r"\1", line)))
    return "\n".join(kept).strip("\n")
