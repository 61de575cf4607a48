"""The one place where the parts of the service are chosen and put together."""

from core.encoder import Encoder
from core.fingerprint import index_fingerprint
from core.live_index import LiveIndex
from core.settings import RetrievalSettings, Settings
from service.evidence import EvidenceJudge
from service.extractive import ExtractiveGenerator
from service.pipeline import Pipeline
from service.rerank import CrossEncoderReranker
from service.retrieval import Retriever


def build_pipeline(settings: Settings, encoder: Encoder | None = None) -> Pipeline:
    """The pipeline that the settings describe. Raises `ModelUnavailable` for a model that cannot be loaded."""
    encoder = encoder or Encoder(settings.encoder)
    return Pipeline(
        live=LiveIndex(settings.index, index_fingerprint(encoder)),
        retriever=Retriever(encoder, settings.retrieval),
        reranker=build_reranker(settings.retrieval),
        judge=EvidenceJudge(settings.answer),
        generator=ExtractiveGenerator(encoder),
        settings=settings,
    )


def build_reranker(settings: RetrievalSettings) -> CrossEncoderReranker | None:
    """The cross-encoder, where one is configured."""
    if not settings.cross_encoder:
        return None
    return CrossEncoderReranker(settings.cross_encoder, settings.cross_encoder_depth)
