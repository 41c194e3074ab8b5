"""Turn errors of the API into problem details, the error format of RFC 9457."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from digit_recognition.imaging.decoding import UnreadablePicture

from ..reading.service import Busy

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
BUG = "the server could not answer; its log has the reason"


class Problem(BaseModel):
    """What went wrong with a request, in the format of RFC 9457."""

    type: str = Field(description="Always about:blank.")
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The HTTP status code.")
    detail: str = Field(description="One sentence: what was expected and received.")


def make_problem(status: int, detail: str) -> Problem:
    """Return a problem whose title is the name of the HTTP status."""
    title = HTTPStatus(status).phrase
    return Problem(type="about:blank", title=title, status=status, detail=detail)


def problem_of(error: Exception) -> Problem:
    """Return a Problem that says why a picture could not be read.

    - If ``error`` is a Busy, which is a kind of UnreadablePicture, the HTTP status is
      503.
    - If it is another UnreadablePicture, the status is 422.
    - Any other error is a bug, and the status is 500. The log describes the error, but
      the Problem does not.
    """
    if not isinstance(error, UnreadablePicture):
        logger.error("A picture could not be read", exc_info=error)
        return make_problem(HTTPStatus.INTERNAL_SERVER_ERROR, BUG)
    is_busy = isinstance(error, Busy)
    status = (
        HTTPStatus.SERVICE_UNAVAILABLE if is_busy else HTTPStatus.UNPROCESSABLE_ENTITY
    )
    return make_problem(status, str(error))


def answer_errors_as_problems(app: FastAPI) -> None:
    """Make the app answer every error with a Problem, never with a traceback."""

    @app.exception_handler(UnreadablePicture)
    def answer_unreadable(_: Request, error: UnreadablePicture) -> JSONResponse:
        problem = problem_of(error)
        headers = {"Retry-After": "5"} if isinstance(error, Busy) else None
        return _response(problem, headers)

    @app.exception_handler(HTTPException)
    def answer_http_error(request: Request, error: HTTPException) -> JSONResponse:
        detail = _describe(request, error)
        return _response(make_problem(error.status_code, detail), error.headers)

    @app.exception_handler(Exception)
    def answer_bug(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s failed", request.url.path, exc_info=error)
        return _response(make_problem(HTTPStatus.INTERNAL_SERVER_ERROR, BUG))


def _describe(request: Request, error: HTTPException) -> str:
    match error.status_code:
        case HTTPStatus.METHOD_NOT_ALLOWED:
            methods = (error.headers or {}).get("Allow", "another method")
            return f"expected {methods}, received {request.method}"
        case HTTPStatus.NOT_FOUND:
            return "expected a path that /docs lists, received another one"
        case _:
            return str(error.detail)


def _response(
    problem: Problem, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(),
        status_code=problem.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )
