"""The YAML block between `---` lines at the head of a Markdown file."""

import re
from collections.abc import Mapping

import yaml

from core.errors import UnreadableSource

_BLOCK = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:\r?\n)?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"^[A-Za-z_][\w -]*:(?:\s|$)", re.MULTILINE)
_LONGEST = 20_000


def split_front_matter(text: str, name: str) -> tuple[Mapping[str, object], str]:
    """The fields of the block and the text after it; two rules around prose are no front matter."""
    block = _BLOCK.match(text, 0, _LONGEST)
    if not block or not _KEY.search(block.group(1)):
        return {}, text
    try:
        fields = yaml.safe_load(block.group(1))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 2}" if mark else ""
        raise UnreadableSource(
            f"{name} has front matter that is not YAML{line}", "quote the value or remove it"
        ) from error
    return (fields, text[block.end() :]) if isinstance(fields, dict) else ({}, text)
