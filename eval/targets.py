"""What is measured: the pipeline in this process, or a running service over HTTP. Both speak the service's JSON."""

from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from core.errors import DocumentNotFound, PrepError
from core.types import Length
from service.pipeline import Pipeline, Request
from service.schemas import AnswerSchema, DocumentList, DocumentSchema, DocumentSummary, PassageSchema, SearchSchema

_Schema = TypeVar("_Schema", bound=BaseModel)
_NOT_PREP = "check --url; it must be the address of `prep serve`"


class Target(Protocol):
    """Who answers; every method raises `PrepError`."""

    name: str

    def ask(self, question: str, length: Length) -> AnswerSchema: ...

    def search(self, question: str, k: int) -> list[PassageSchema]: ...

    def document(self, document_id: str) -> DocumentSchema: ...

    def documents(self) -> list[DocumentSummary]: ...


class InProcess:
    """The pipeline as `service.bootstrap` put it together."""

    name = "in-process"

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def ask(self, question: str, length: Length) -> AnswerSchema:
        return AnswerSchema.of(self._pipeline.answer(Request(question, length)))

    def search(self, question: str, k: int) -> list[PassageSchema]:
        return SearchSchema.of(question, self._pipeline.search(Request(question), k)).passages

    def document(self, document_id: str) -> DocumentSchema:
        with self._pipeline.live.reading() as index:
            return DocumentSchema.of(index.document(document_id))

    def documents(self) -> list[DocumentSummary]:
        with self._pipeline.live.reading() as index:
            return [DocumentSummary.of(id_, record) for id_, record in index.manifest.documents.items()]


class OverHttp:
    """A running `prep serve`."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        self.name = url.rstrip("/")
        self._client = httpx.Client(base_url=self.name, timeout=timeout, trust_env=False)

    def ask(self, question: str, length: Length) -> AnswerSchema:
        return self._read(AnswerSchema, "POST", "/v1/ask", json={"question": question, "length": length})

    def search(self, question: str, k: int) -> list[PassageSchema]:
        return self._read(SearchSchema, "POST", "/v1/search", json={"question": question, "k": k}).passages

    def document(self, document_id: str) -> DocumentSchema:
        return self._read(DocumentSchema, "GET", f"/v1/documents/{document_id}")

    def documents(self) -> list[DocumentSummary]:
        return self._read(DocumentList, "GET", "/v1/documents").documents

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """One request; whatever is not a success raises `PrepError` with the service's own words."""
        try:
            response = self._client.request(method, path, **content)
        except httpx.HTTPError as error:
            raise PrepError(f"{self.name} cannot be reached ({type(error).__name__})", _NOT_PREP) from error
        if response.is_success:
            return response
        try:
            problem = response.json()
            message, advice = str(problem["detail"]), str(problem["advice"])
        except (ValueError, KeyError, TypeError):
            message, advice = f"{self.name}{path} answered with status {response.status_code}", _NOT_PREP
        raise (DocumentNotFound if response.status_code == 404 else PrepError)(message, advice)

    def close(self) -> None:
        self._client.close()

    def _read(self, schema: type[_Schema], method: str, path: str, **content: Any) -> _Schema:
        try:
            return schema.model_validate_json(self.call(method, path, **content).content)
        except ValidationError as error:
            raise PrepError(f"{self.name}{path} does not answer in prep's JSON", _NOT_PREP) from error
