"""The HTTP service: thin routes over one pipeline and one library."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from core.errors import WritesDisabled
from service import pipeline as flow
from service import problems
from service.events import EventStream, encoded
from service.limits import BodyLimit
from service.pipeline import Pipeline
from service.schemas import (
    AnswerSchema,
    AskRequest,
    DocumentList,
    DocumentSchema,
    DocumentSummary,
    Problem,
    Readiness,
    SearchRequest,
    SearchSchema,
    Uploaded,
)

_PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": {"model": Problem}, "5XX": {"model": Problem}}
router = APIRouter(responses=_PROBLEMS)


class Library(Protocol):
    """Who may change the index; the service itself only reads it."""

    def put(self, name: str, data: bytes) -> tuple[Sequence[str], int]:
        """Add or replace an upload; ids of its documents and how many chunks were encoded."""

    def remove(self, document_id: str) -> None:
        """Take a document out. Raises `DocumentNotFound`."""


def create_app(pipeline: Pipeline, library: Library | None = None) -> FastAPI:
    """The service over a pipeline; without a library it is read-only."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(pipeline.warm_up)
        yield
        pipeline.live.close()

    app = FastAPI(title="prep", description=__doc__, version="1", lifespan=lifespan)
    app.state.pipeline = pipeline
    app.state.library = library
    app.include_router(router)
    problems.install(app)
    app.add_middleware(BodyLimit, limit=pipeline.settings.service.max_body_kb * 1024)
    return app


@router.post("/v1/ask", response_model=AnswerSchema)
def ask(body: AskRequest, request: Request) -> AnswerSchema | EventStream:
    """Answer a question from the corpus, or refuse; with `stream` as server-sent events."""
    pipeline = _pipeline(request)
    history = [turn.turn() for turn in body.history]
    asked = flow.Request(body.question, body.length, body.filters, history, body.deadline_s)
    if not body.stream:
        return AnswerSchema.of(pipeline.answer(asked))
    deadline = pipeline.deadline(asked)
    return EventStream(encoded(pipeline.stream(asked, deadline), request.url.path), deadline.cancel)


@router.post("/v1/search")
def search(body: SearchRequest, request: Request) -> SearchSchema:
    """Ranked passages with the score of each stage."""
    asked = flow.Request(body.question, filters=body.filters)
    return SearchSchema.of(body.question, _pipeline(request).search(asked, body.k))


@router.get("/v1/documents")
def documents(request: Request) -> DocumentList:
    """What the index holds."""
    with _pipeline(request).live.reading() as index:
        return _summaries(index.manifest.documents)


@router.get("/v1/documents/{document_id}")
def document(document_id: str, request: Request) -> DocumentSchema:
    """A document with the text that citations point into."""
    with _pipeline(request).live.reading() as index:
        return DocumentSchema.of(index.document(document_id))


@router.put("/v1/documents", status_code=201)
def put_document(file: UploadFile, request: Request) -> Uploaded:
    """Add a file, or replace the upload of the same name; the next question sees it."""
    ids, encoded = _library(request).put(file.filename or "", file.file.read())
    with _pipeline(request).live.reading() as index:
        found = {id_: index.record(id_) for id_ in ids}
    return Uploaded(documents=_summaries(found).documents, encoded=encoded)


@router.delete("/v1/documents/{document_id}", status_code=204)
def delete_document(document_id: str, request: Request) -> Response:
    """Take a document out of the index."""
    _library(request).remove(document_id)
    return Response(status_code=204)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(request: Request) -> Readiness:
    """Whether questions can be answered: models loaded, index open; a problem says what is missing."""
    with _pipeline(request).live.reading() as index:
        return Readiness(
            ready=True,
            documents=len(index.manifest.documents),
            chunks=index.store.count(),
            fingerprint=index.manifest.fingerprint,
        )


def _pipeline(request: Request) -> Pipeline:
    found: Pipeline = request.app.state.pipeline
    return found


def _library(request: Request) -> Library:
    library: Library | None = request.app.state.library
    if library is None:
        raise WritesDisabled("this service is read-only", "set PREP_SERVICE__ALLOW_WRITES=true, or use `prep ingest`")
    return library


def _summaries(records: Mapping[str, Any]) -> DocumentList:
    return DocumentList(documents=[DocumentSummary.of(id_, record) for id_, record in records.items()])
