"""The one place where the parts of the service are chosen and put together."""

from core.encoder import Encoder
from core.errors import ModelUnavailable
from core.fingerprint import index_fingerprint
from core.live_index import LiveIndex
from core.pair_encoder import PairEncoder
from core.settings import EncoderSettings, LanguageModelSettings, RetrievalSettings, Settings
from service.composition import Composer, FallbackComposer, GroundedComposer, WholeWriter
from service.evidence import EvidenceJudge
from service.extractive import ExtractiveGenerator
from service.followups import FollowUps
from service.grounding import Verifier
from service.language_model import LanguageModel
from service.pipeline import Pipeline, Reranker
from service.rerank import CrossEncoderReranker
from service.retrieval import Retriever
from service.verifier.verifier import EmbeddedVerifier


def build_pipeline(settings: Settings, encoder: Encoder | None = None) -> Pipeline:
    """The pipeline that the settings describe. Raises `ModelUnavailable` for a model that cannot be loaded."""
    encoder = encoder or Encoder(settings.encoder)
    pairs = PairEncoder(settings.encoder.threads)
    model = _language_model(settings.llm)
    return Pipeline(
        live=LiveIndex(settings.index, index_fingerprint(encoder)),
        follow_ups=FollowUps(model),
        retriever=Retriever(encoder, settings.retrieval),
        reranker=build_reranker(settings.retrieval),
        judge=EvidenceJudge(settings.answer, encoder.fingerprint, pairs),
        composer=_composer(settings, encoder, pairs, model),
        settings=settings,
    )


def build_reranker(settings: RetrievalSettings) -> Reranker | None:
    """The last ranking step, where one is configured. Raises `ModelUnavailable` when it cannot be loaded."""
    if not settings.cross_encoder:
        return None
    return CrossEncoderReranker(settings.cross_encoder, settings.cross_encoder_depth)


def build_verifier(settings: Settings, encoder: Encoder | None = None, pairs: PairEncoder | None = None) -> Verifier:
    """What checks statements against passages. Raises `ModelUnavailable` for a model that cannot be loaded."""
    if settings.verifier.nli:
        from service.verifier.nli import NliVerifier  # seconds to import, for those who set one

        return NliVerifier(settings.verifier.nli)
    if settings.verifier.llm:
        from service.verifier.asked import AskedVerifier

        model = _language_model(settings.llm)
        if model is None:
            raise ModelUnavailable(
                "PREP_VERIFIER__LLM is set, but there is no language model",
                "set PREP_LLM__BASE_URL and PREP_LLM__MODEL, or unset it",
            )
        return AskedVerifier(model, settings.llm.timeout)
    packaged = settings.encoder.adapted and settings.encoder.model is None
    threads = settings.encoder.threads
    words = encoder if encoder and packaged else Encoder(EncoderSettings(threads=threads))
    return EmbeddedVerifier(words, pairs or PairEncoder(threads))


def _language_model(settings: LanguageModelSettings) -> LanguageModel | None:
    if settings.base_url is None:
        return None
    from service.openai_model import OpenAIModel  # seconds to import, for those who set one

    return OpenAIModel(settings)


def _composer(settings: Settings, encoder: Encoder, pairs: PairEncoder, model: LanguageModel | None) -> Composer:
    """Answers from the sources alone, or written by a language model and checked, with the former to fall back on."""
    extractive = GroundedComposer(WholeWriter(ExtractiveGenerator(encoder)), None)
    if model is None:
        return extractive
    from service.chat import ChatGenerator

    chat = GroundedComposer(ChatGenerator(model, settings.llm.max_tokens), build_verifier(settings, encoder, pairs))
    return FallbackComposer(chat, extractive)
