"""What a reader of one format hands on, and how it becomes a `Document` with an id that follows from its content."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from core.markdown import without_markup
from core.types import Document, Tags
from ingest.clean import repair, tidy
from ingest.formats.links import without_scripts


@dataclass(frozen=True, slots=True)
class Raw:
    """Markdown, with what the format says about it; `inner` is the path of a document inside its file."""

    text: str
    title: str = ""
    question: str | None = None
    tags: Tags = field(default_factory=dict)
    inner: str = ""


_SINGULAR = {"roles": "role", "topics": "topic", "levels": "level", "kinds": "kind", "alias": "aliases"}
_TAGS = ("role", "topic", "level", "kind", "aliases")
_H1 = re.compile(r"^# +(.+?)(?: +#+)?$", re.MULTILINE)


def document(raw: Raw, name: str) -> Document:
    """The document as it is stored and cited; `name` is the file."""
    text = without_scripts(tidy(repair(raw.text)))
    question = _line(raw.question) if raw.question else None
    title = _line(raw.title) or _first_heading(text) or readable(raw.inner or name)
    labels = {key: tuple(_line(value) for value in values) for key, values in raw.tags.items()}
    source = f"{name}#{raw.inner}" if raw.inner else name
    return Document(
        identity(title, question, text, labels.get("aliases", ())), title, text, (source,), question, labels
    )


def _line(words: str) -> str:
    return " ".join(tidy(repair(words)).split())


def identity(title: str, question: str | None, text: str, aliases: Sequence[str] = ()) -> str:
    """The id that title, question, aliases and text give: the same content has the same id wherever it lies."""
    content = "\0".join((title, question or "", *aliases, text))
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def tags(fields: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The tags among a document's fields; a plural names the same tag, a single value is a tuple of one."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in fields.items():
        name = _SINGULAR.get(str(key).lower(), str(key).lower())
        values = value if isinstance(value, list | tuple) else [value]
        kept = tuple(dict.fromkeys(str(item).strip() for item in values if isinstance(item, str | int | float)))
        if name in _TAGS and any(kept):
            found[name] = tuple(item for item in kept if item)
    return found


def slug(words: str) -> str:
    """`AI_Engineer` → `ai-engineer`."""
    return re.sub(r"[^\w]+", "-", words.lower().replace("_", "-")).strip("-")


def readable(path: str) -> str:
    """A file name as a title: without folder, extension, leading numbers and separators."""
    stem = re.sub(r"\.\w{1,8}$", "", path.replace("\\", "/").rsplit("/", 1)[-1])
    words = re.sub(r"^[\W\d_]+(?=.*[^\W\d_])", "", re.sub(r"[_\-\s]+", " ", stem)).strip() or stem.strip() or "Untitled"
    return words[0].upper() + words[1:]


def _first_heading(text: str) -> str:
    heading = _H1.search(text)
    return without_markup(heading.group(1)) if heading else ""
