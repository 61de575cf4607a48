"""Typed settings, read once from the environment (`PREP_…`, nested with `__`) and `.env`, then passed down."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DATA = Path(__file__).resolve().parent.parent / "data"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _without_login(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError(
            "the URL holds a user name or password, which reports and errors would tell: take it out; "
            "the key of a language model belongs in API_KEY"
        )
    return url


ServerUrl = Annotated[HttpUrl, AfterValidator(_without_login)]


class IndexSettings(_Group):
    """Where the index lies."""

    directory: Path = Field(DATA / "index", description="Folder of the index: pointer, generations, embedded Chroma.")
    chroma_url: ServerUrl | None = Field(None, description="Base URL of a Chroma server; embedded Chroma when unset.")

    @property
    def uploads(self) -> Path:
        """Files that came over HTTP."""
        return self.directory / "uploads"


class EncoderSettings(_Group):
    """How text becomes vectors."""

    model: Path | None = Field(
        None, description="Folder of sentence-transformers weights; the packaged model when unset."
    )
    adapted: bool = Field(True, description="Whether the packaged model is adapted to question-answer pairs.")
    threads: int | None = Field(None, ge=1, description="CPU threads of the encoder; one per core when unset.")
    batch_size: int = Field(32, ge=1, description="Chunks encoded in one forward pass.")


class IngestSettings(_Group):
    """Bounds on what is read; a source beyond them is refused and named."""

    max_file_mb: int = Field(50, ge=1, description="Largest file, and largest unpacked archive, in MiB.")
    max_pages: int = Field(2_000, ge=1, description="Most pages of a PDF.")


class RetrievalSettings(_Group):
    """The candidate pool."""

    pool: int = Field(50, ge=1, le=1_000, description="Candidates taken from each of dense and lexical search.")
    passages: int = Field(8, ge=1, le=100, description="Passages handed to the generator.")
    cross_encoder: str | None = Field(
        None, description="Path or name for sentence_transformers.CrossEncoder; no cross-encoder when unset."
    )
    cross_encoder_depth: int = Field(30, ge=1, description="Passages which the cross-encoder scores.")


class AnswerSettings(_Group):
    """Composition and refusal."""

    length: Literal["brief", "standard", "deep"] = "standard"
    refusal: Literal["strict", "balanced", "eager"] = Field("balanced", description="How readily `prep` says no.")


class VerifierSettings(_Group):
    """What checks the sentences of a language model; the embedded verifier when nothing is set."""

    nli: str | None = Field(
        None, min_length=1, description="Path or name of a sentence_transformers.CrossEncoder that tells entailment."
    )
    llm: bool = Field(False, description="Whether the language model of PREP_LLM itself says what is supported.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.nli and self.llm:
            raise ValueError("set one of NLI and LLM")
        return self

    @property
    def name(self) -> str:
        """What checks, in words."""
        return self.nli or ("the language model" if self.llm else "embedded")


class LanguageModelSettings(_Group):
    """A server that speaks the OpenAI chat-completions protocol; answers are extractive when none is set."""

    base_url: ServerUrl | None = Field(None, description="Base URL, ending in /v1 for most servers.")
    model: str | None = Field(None, min_length=1, description="The model's name on that server.")
    api_key: SecretStr | None = Field(None, description="Key of a hosted server; never logged.")
    timeout: float = Field(20.0, gt=0, le=600, description="Longest silence of the server in seconds.")
    retries: int = Field(2, ge=0, le=10, description="Further attempts after 429, 5xx or a lost connection.")
    max_tokens: int = Field(1_024, ge=16, description="Most tokens of a draft.")
    deadline: float = Field(30.0, gt=0, le=600, description="Seconds to an answer where the request does not say.")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.base_url is None) != (self.model is None):
            raise ValueError("set BASE_URL and MODEL together")
        return self


class ServiceSettings(_Group):
    """Bounds of the HTTP service."""

    max_body_kb: int = Field(20_480, ge=1, description="Largest request body in KiB.")
    max_question_chars: int = Field(4_000, ge=1, description="Longest question.")
    allow_writes: bool = Field(True, description="Whether documents may be uploaded and removed over HTTP.")


class Settings(BaseSettings):
    """All settings; an unknown name in any group is refused."""

    model_config = SettingsConfigDict(
        env_prefix="PREP_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    index: IndexSettings = IndexSettings()
    encoder: EncoderSettings = EncoderSettings()
    ingest: IngestSettings = IngestSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()
    llm: LanguageModelSettings = LanguageModelSettings()
    verifier: VerifierSettings = VerifierSettings()
    judge: LanguageModelSettings = LanguageModelSettings()
    service: ServiceSettings = ServiceSettings()

    @property
    def fingerprint(self) -> str:
        """Changes with any setting that changes an answer."""
        made = self.model_dump_json(
            include={"retrieval", "answer", "encoder", "llm", "verifier"},
            exclude={"encoder": {"threads", "batch_size"}, "llm": {"api_key", "timeout", "retries", "deadline"}},
        )
        return sha256(made.encode()).hexdigest()[:8]

    def at(self, directory: Path | None) -> "Settings":
        """These settings with another index folder, where one is given."""
        if directory is None:
            return self
        return self.model_copy(update={"index": self.index.model_copy(update={"directory": directory})})
