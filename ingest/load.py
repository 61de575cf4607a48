"""Files to documents: one reader per format, each giving Markdown; nothing but a `PrepError` leaves here.

Reads, repairs and tidies; it neither splits nor judges what a document says.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from core.errors import PrepError, SourceTooLarge, UnreadableSource
from core.settings import IngestSettings
from core.types import Document
from ingest import lost_bytes
from ingest.clean import repair, tidy
from ingest.formats import export, tables
from ingest.formats.decode import decode
from ingest.formats.docx import docx_to_markdown
from ingest.formats.front_matter import split_front_matter
from ingest.formats.html import html_to_markdown
from ingest.formats.notebook import notebook_to_markdown
from ingest.formats.pdf import pdf_to_text
from ingest.raw import Raw, document, tags
from ingest.shapes.recognise import structured

Reader = Callable[[bytes, str, IngestSettings], Iterator[Raw]]


def load(path: Path, name: str, limits: IngestSettings) -> list[Document]:
    """The documents a file holds; `name` is how citations call the file."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableSource(f"{name} has a format that is not known", f"use one of {' '.join(FORMATS)}")
    data = _read(path, name, limits)
    try:
        found = [document(raw, name) for raw in reader(data, name, limits)]
    except PrepError:
        raise
    except Exception as error:  # the last line of defence: no file may stop the ingest of the others
        kind = type(error).__name__
        raise UnreadableSource(f"{name} cannot be read ({kind})", "open it and save it again") from error
    kept = [each for each in found if each.text]
    if not kept:
        raise UnreadableSource(f"{name} holds no text", "leave it out, or save it again with its text")
    return kept


def _read(path: Path, name: str, limits: IngestSettings) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.max_file_mb * 1024 * 1024:
            raise SourceTooLarge(
                f"{name} has {size / 1024 / 1024:.1f} MiB, the limit is {limits.max_file_mb}",
                "split it, or raise PREP_INGEST__MAX_FILE_MB",
            )
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableSource(
            f"{name} cannot be opened ({error.strerror})", "check its path and permissions"
        ) from error
    if not data.strip():
        raise UnreadableSource(f"{name} is empty", "leave it out, or save it again with its text")
    return data


def _text(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    text = decode(data, name)
    if export.is_export(text):
        yield from _export(text)
        return
    fields, body = split_front_matter(text, name)
    question = fields.get("question")
    if isinstance(question, str) and question.strip():
        yield Raw(body, str(fields.get("title") or question), question.strip(), tags(fields))
    else:
        yield _recognised(Raw(body, str(fields.get("title") or ""), tags=tags(fields)))


def _json(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    text = decode(data, name)
    if export.is_export(text):
        yield from _export(text)
    else:
        yield from tables.json_to_raw(text, name)


def _export(text: str) -> Iterator[Raw]:
    lossy = lost_bytes.found(text)
    for path, content, language in export.files(text):
        yield export.raw(path, repair(content, lossy), language)


def _json_lines(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    yield from tables.json_lines_to_raw(decode(data, name), name)


def _csv(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    yield from tables.csv_to_raw(decode(data, name), name)


def _html(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    yield _recognised(Raw(*html_to_markdown(data, name)))


def _pdf(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    yield _recognised(Raw(*pdf_to_text(data, name, limits)))


def _docx(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    yield _recognised(Raw(*docx_to_markdown(data, name, limits)))


def _notebook(data: bytes, name: str, limits: IngestSettings) -> Iterator[Raw]:
    yield _recognised(Raw(notebook_to_markdown(decode(data, name), name)))


def _recognised(raw: Raw) -> Raw:
    """The text with its conventions as headings; what the format says of title and tags comes first."""
    found = structured(tidy(repair(raw.text)))
    return replace(raw, text=found.text, title=raw.title or found.title, tags={**found.tags, **raw.tags})


_READERS: dict[str, Reader] = {
    ".md": _text,
    ".markdown": _text,
    ".txt": _text,
    ".rst": _text,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".ipynb": _notebook,
    ".json": _json,
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".tsv": _csv,
}
FORMATS = tuple(sorted(_READERS))
