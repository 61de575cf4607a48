"""A repository saved as JSON (`files`: path → `content`), be it pasted into a one-column table and broken into lines.

A line that ends inside a string is a character which some tool took for a newline; it is kept as NEL, so that the
repair of the text can tell which one it was.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.formats.notebook import fenced
from ingest.raw import Raw, slug

_SHAPE = re.compile(r"\A\s*(?:\|\s*)?\{")
_FILES = re.compile(r'"files"\s*:\s*(?:\|?\s)*[{\[]')
_STRING = re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL)
_RULE = re.compile(r"\|?\s*:?-{3,}:?\s*\|?\s*")
_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*:\s*\{\s*"content"\s*:\s*"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_BAD_ESCAPE = re.compile(r'\\(\\|["/bfnrt]|u[0-9a-fA-F]{4})|\\')
_PROSE = {"markdown", "md", "text", "txt", "rst", ""}
_LANGUAGES = {
    "py": "python", "js": "javascript", "ts": "typescript", "sh": "bash", "yml": "yaml", "rs": "rust", "rb": "ruby",
    "kt": "kotlin", "cs": "csharp", "h": "c", "hpp": "cpp", "cc": "cpp",
}  # fmt: skip
_TOPIC = re.compile(r"^#{1,6} +Topic: *(.+)$", re.MULTILINE | re.IGNORECASE)
_GENERIC_TITLE = re.compile(r"\binterview questions?\b", re.IGNORECASE)
_ASKED = re.compile(r"^#{1,6} +Question[ ]*\n+((?:>.*\n?)+)[\s\S]*?^#{1,6} +Answer[ ]*$", re.MULTILINE | re.IGNORECASE)


def is_export(text: str) -> bool:
    """Whether a text has the shape of such an export."""
    return bool(_SHAPE.match(text) and _FILES.search(text, 0, 20_000) and '"content"' in text)


def files(text: str) -> list[tuple[str, str, str]]:
    """Path, content and language of every file of an export; of a damaged one, of every file that is whole."""
    joined = _joined(text)
    for candidate in (joined, _BAD_ESCAPE.sub(lambda m: m.group() if m.group(1) else "\\\\", joined)):
        try:
            found = list(_entries(json.loads(candidate, strict=False).get("files")))
        except (ValueError, AttributeError, RecursionError):
            continue
        return found
    return [(_unescaped(path), _unescaped(content), "") for path, content in _ENTRY.findall(joined)]


def raw(path: str, content: str, language: str) -> Raw:
    """One file of an export, its text already repaired."""
    text = content if _is_prose(path, language) else fenced(content, _language(path, language))
    topic = _TOPIC.search(text)
    quoted = _ASKED.search(text)
    heading = text.lstrip().partition("\n")[0]
    generic = not heading.startswith("# ") or _GENERIC_TITLE.search(heading)
    labels: dict[str, tuple[str, ...]] = {}
    if "/" in path and topic:
        labels["role"] = (slug(path.split("/")[-2]),)
    if topic:
        labels["topic"] = (slug(topic.group(1)),)
    return Raw(
        text=text,
        title=topic.group(1).strip() if topic and generic else "",
        question=_unquoted(quoted.group(1)) if quoted else None,
        tags=labels,
        inner=path,
    )


def _joined(text: str) -> str:
    """The JSON behind the table: cell borders go outside of strings, and where a row was cut inside one."""
    parts: list[str] = []
    inside = False
    cut = False
    for line in text.split("\n"):
        if not inside and _RULE.fullmatch(line):
            continue
        if not inside or cut:
            line = re.sub(r"^\s*\| ?", "", line)
        inside = _ends_inside(line, inside)
        cut = inside and line.endswith(" |")
        if not inside or cut:
            line = re.sub(r"\s*\|\s*$", "", line) if not inside else line[:-2]
        parts.append(line + ("\x85" if inside else "\n"))
    return "".join(parts)


def _ends_inside(line: str, inside: bool) -> bool:
    position = 0
    while True:
        if inside:
            match = _STRING.match(line, position)
            if not match:
                return True
            position, inside = match.end(), False
        quote = line.find('"', position)
        if quote < 0:
            return False
        position, inside = quote + 1, True


def _entries(found: Any) -> Iterator[tuple[str, str, str]]:
    pairs = found.items() if isinstance(found, Mapping) else ((entry.get("path", ""), entry) for entry in found or [])
    for path, entry in pairs:
        content = entry.get("content") if isinstance(entry, Mapping) else entry
        if isinstance(content, str) and content.strip():
            language = entry.get("language") if isinstance(entry, Mapping) else ""
            yield str(path), content, str(language or "")


def _unescaped(string: str) -> str:
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:
        return string.replace("\\n", "\n").replace('\\"', '"')


def _is_prose(path: str, language: str) -> bool:
    extension = path.rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""
    return (language or extension).lower() in _PROSE and extension in _PROSE | {"markdown"}


def _unquoted(quote: str) -> str:
    return " ".join(line.lstrip("> ").strip() for line in quote.splitlines()).strip()


def _language(path: str, language: str) -> str:
    extension = path.rpartition(".")[2].lower()
    return _LANGUAGES.get(extension, language or extension)
