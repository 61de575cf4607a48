"""The composition root of the HTTP service: the reading pipeline and, where writes are allowed, the writing library."""

import uvicorn
from fastapi import FastAPI

from core.encoder import Encoder
from core.settings import Settings
from ingest.uploads import Uploads
from service.app import create_app
from service.bootstrap import build_pipeline


def build_app(settings: Settings) -> FastAPI:
    """Pipeline and library over one encoder. Raises `ModelUnavailable` for a model that cannot be loaded."""
    encoder = Encoder(settings.encoder)
    library = Uploads(settings, encoder) if settings.service.allow_writes else None
    return create_app(build_pipeline(settings, encoder), library)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped."""
    uvicorn.run(build_app(settings), host=host, port=port, timeout_graceful_shutdown=10)
