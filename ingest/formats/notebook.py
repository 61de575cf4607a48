"""Jupyter notebooks to Markdown: text cells as they are, code and what it printed in fences."""

import re
import warnings
from collections.abc import Iterator

import nbformat
from nbformat.notebooknode import NotebookNode

from core.errors import UnreadableSource

_LONGEST_OUTPUT = 2_000


def notebook_to_markdown(text: str, name: str) -> str:
    """The cells of a notebook in order."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
        language = str(notebook.get("metadata", {}).get("language_info", {}).get("name", "python"))
        return "\n\n".join(part for cell in notebook["cells"] for part in _cell(cell, language))
    except Exception as error:  # nbformat raises what its JSON schema, its upgrades and `json` raise
        raise UnreadableSource(
            f"{name} is not a notebook that can be read", "open it in Jupyter and save it again"
        ) from error


def _cell(cell: NotebookNode, language: str) -> Iterator[str]:
    source = _text(cell.get("source"))
    if not source.strip():
        return
    if cell.get("cell_type") != "code":
        yield source
        return
    yield fenced(source, language)
    for output in cell.get("outputs", []):
        printed = _text(output.get("text") or output.get("data", {}).get("text/plain"))
        if printed.strip() and len(printed) <= _LONGEST_OUTPUT:
            yield fenced(printed, "text")


def fenced(code: str, language: str) -> str:
    """Code in a fence that is longer than any inside it."""
    ticks = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", code))])
    return f"{ticks}{language}\n{code.strip(chr(10))}\n{ticks}"


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")
