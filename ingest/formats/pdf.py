"""PDF to text, page by page; lines that a page broke are joined again."""

import io
import re

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from core.errors import SourceTooLarge, UnreadableSource
from core.settings import IngestSettings

_HYPHEN = re.compile(r"(?<=[a-z]{2})-\n(?=[a-z]{2})")
_WRAPPED = re.compile(r"(?<=[a-z,;])\n(?=[a-z(])")
_NO_TITLE = re.compile(
    r"untitled.*|microsoft word.*|.*\.(?:docx?|pdf|tex|dvi|indd)|slide 1|powerpoint presentation", re.IGNORECASE
)


def pdf_to_text(data: bytes, name: str, limits: IngestSettings) -> tuple[str, str]:
    """Text and title of a PDF."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableSource(f"{name} is protected by a password", "save a copy without it")
        if len(reader.pages) > limits.max_pages:
            raise SourceTooLarge(
                f"{name} has {len(reader.pages)} pages, the limit is {limits.max_pages}",
                "split it, or raise PREP_INGEST__MAX_PAGES",
            )
        text = "\n\n".join(page.extract_text() for page in reader.pages)
        title = str((reader.metadata and reader.metadata.title) or "").strip()
    except UnreadableSource:
        raise
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError,
            AssertionError, NotImplementedError, MemoryError) as error:  # fmt: skip
        raise UnreadableSource(f"{name} is a damaged PDF", "open it in a viewer and save it again") from error
    if not re.search(r"\w", text):
        raise UnreadableSource(f"{name} holds pictures of pages but no text", "run OCR on it first, e.g. ocrmypdf")
    return _WRAPPED.sub(" ", _HYPHEN.sub("", text)), "" if _NO_TITLE.fullmatch(title) else title
