"""DOCX to Markdown by way of HTML, after its archive has been checked for bombs."""

import html
import io
import re
import zipfile

import mammoth

from core.errors import SourceTooLarge, UnreadableSource
from core.settings import IngestSettings
from ingest.formats.html import html_to_markdown

_STYLES = (
    "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh\np[style-name='Quote'] => blockquote:fresh"
)
_MAX_RATIO = 400
_SMALL = 1_000_000
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
_TITLE = re.compile(r"<dc:title>([^<]{1,500})</dc:title>")


def docx_to_markdown(data: bytes, name: str, limits: IngestSettings) -> tuple[str, str]:
    """Markdown and title of a Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive, name, limits)
            properties = archive.read("docProps/core.xml") if "docProps/core.xml" in archive.namelist() else b""
        page = mammoth.convert_to_html(
            io.BytesIO(data), style_map=_STYLES, convert_image=mammoth.images.img_element(lambda image: {})
        ).value
    except UnreadableSource:
        raise
    except Exception as error:  # mammoth and zipfile let through whatever a damaged part makes them raise
        raise UnreadableSource(f"{name} is a damaged DOCX", "open it in an editor and save it again") from error
    title = _TITLE.search(properties.decode("utf-8", "replace"))
    text, _ = html_to_markdown(page, name)
    return text, html.unescape(title.group(1)).strip() if title and not re.search(r"^# ", text, re.MULTILINE) else ""


def _check(archive: zipfile.ZipFile, name: str, limits: IngestSettings) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.max_file_mb * 1024 * 1024:
        raise SourceTooLarge(
            f"{name} unpacks to {unpacked / 1024 / 1024:.0f} MiB, the limit is {limits.max_file_mb}",
            "split it, or raise PREP_INGEST__MAX_FILE_MB",
        )
    if any(part.file_size > max(_SMALL, part.compress_size * _MAX_RATIO) for part in parts):
        raise SourceTooLarge(f"{name} is packed more than {_MAX_RATIO} to 1", "open it in an editor and save it again")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")) and any(mark in archive.read(part) for mark in _ENTITIES):
            raise UnreadableSource(f"{name} declares XML entities", "open it in an editor and save it again")
