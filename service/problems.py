"""Every error of the service as RFC 9457 problem details (`application/problem+json`) that say what to do next."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import PrepError
from service.schemas import Problem

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


def install(app: FastAPI) -> None:
    """Answer the errors of `prep`, of validation and of routing, and anything unforeseen, in one shape."""
    app.add_exception_handler(PrepError, _prep_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def problem(
    request_path: str, status: int, title: str, detail: str, advice: str, *, retryable: bool = False
) -> JSONResponse:
    """One problem as a response; a retryable one says when to try again."""
    body = Problem(title=title, status=status, detail=detail, advice=advice, instance=request_path, retryable=retryable)
    headers = {"Retry-After": "2"} if retryable else None
    return JSONResponse(body.model_dump(), status, headers, MEDIA_TYPE)


def _prep_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PrepError)
    if error.status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error)
    return problem(request.url.path, error.status, error.title, error.message, error.advice, retryable=error.retryable)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    details = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()[:5])
    return problem(request.url.path, 422, "The request is not valid", details, "see /docs for what is expected")


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = problem(
        request.url.path, error.status_code, error.detail, f"{request.method} {request.url.path}", "see /docs"
    )
    response.headers.update(error.headers or {})
    return response


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.exception("%s %s", request.method, request.url.path, exc_info=error)
    return problem(
        request.url.path,
        500,
        "The request could not be completed",
        "an unforeseen fault",
        "the service's log says more",
    )
