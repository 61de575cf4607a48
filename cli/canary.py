"""Puts the canary's card where the measured pipeline reads: an index of its own, or the service for a moment."""

from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from core.encoder import Encoder
from core.errors import PrepError
from core.settings import Settings
from core.types import Length
from eval.canary import draw, sing
from eval.report import Canary
from eval.targets import InProcess, OverHttp
from ingest.pipeline import ingest
from service.bootstrap import build_pipeline


def in_process(settings: Settings, encoder: Encoder, length: Length) -> Canary:
    """Ingest the card into a temporary index, and ask a pipeline made by the same composition root."""
    nonce = draw()
    with TemporaryDirectory(prefix="prep-canary-") as folder:
        card = Path(folder) / nonce.file_name
        card.write_text(nonce.card, encoding="utf-8")
        placed = settings.model_copy(
            update={"index": settings.index.model_copy(update={"directory": Path(folder) / "i", "chroma_url": None})}
        )
        try:
            ingest([card], placed, encoder)
            pipeline = build_pipeline(placed, encoder)
        except PrepError as error:
            return Canary(passed=False, detail=str(error))
        with closing(pipeline.live):
            return sing(nonce, InProcess(pipeline), length)


def over_http(target: OverHttp, length: Length) -> Canary:
    """Upload the card, ask, and take it out again whatever happened."""
    nonce = draw()
    try:
        uploaded = target.call("PUT", "/v1/documents", files={"file": (nonce.file_name, nonce.card.encode())}).json()
    except PrepError as error:
        return Canary(passed=False, detail=f"the card could not be uploaded: {error}")
    try:
        return sing(nonce, target, length)
    finally:
        for document in uploaded["documents"]:
            with suppress(PrepError):
                target.call("DELETE", f"/v1/documents/{document['id']}")
