"""The web app, which consists of the HTTP API and the page.

The server answers API requests as soon as it runs, even if the code of the page is not
imported yet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from digit_recognition import __version__

from ..late_page import LatePage
from ..reading.limits import MAX_BYTES, MAX_PIXELS, MAX_SECONDS, is_small
from ..reading.picture_reading import PictureReading
from ..reading.service import MAX_WAIT, Busy, Service
from ..security import SecurityHeaders
from .batch_stream import READERS, stream_entries
from .openapi import (
    PICTURE_BODY,
    PICTURES_BODY,
    document_problems,
    document_schemas,
)
from .problems import Problem, answer_errors_as_problems
from .request_bodies import (
    MAX_BATCH_BYTES,
    MAX_PICTURES,
    receive_picture,
    receive_pictures,
)
from .schemas import (
    BatchEntry,
    Health,
    Limits,
    Model,
    Reading,
    to_model,
    to_reading,
)

NDJSON = "application/x-ndjson"

LIMITS = Limits(
    max_bytes=MAX_BYTES,
    max_pixels=MAX_PIXELS,
    max_seconds=MAX_SECONDS,
    max_pictures=MAX_PICTURES,
    max_batch_bytes=MAX_BATCH_BYTES,
)


def create_app(
    service: Service,
    load_page: Callable[[], ASGIApp] | None = None,
    allow_origins: Sequence[str] = (),
) -> FastAPI:
    """Return the app: the API, its documentation at /docs, and the page at /.

    ``load_page`` returns the page as an ASGI app. It is called in a thread when the app
    starts, because importing Gradio takes seconds. If it is None, there is no page.
    ``allow_origins`` are the web sites, such as https://example.org, whose scripts may
    use the API.
    """
    page = LatePage(load_page) if load_page else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if page is None:
            yield
            return
        async with page.loading():
            yield

    app = FastAPIOffline(
        title="Digit Recognition",
        version=__version__,
        summary="Reads handwritten numbers on pictures.",
        redoc_url=None,
        lifespan=lifespan,
        separate_input_output_schemas=False,
    )
    answer_errors_as_problems(app)
    if allow_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=allow_origins, allow_methods=["GET", "POST"]
        )
    app.add_middleware(SecurityHeaders)
    app.include_router(create_router(service))
    document_schemas(app, Problem, BatchEntry)
    if page is not None:
        # A mount at / would also get requests to the API's paths with a wrong method.
        app.router.default = page
    return app


def create_router(service: Service) -> APIRouter:
    """Return the routes of the API."""
    router = APIRouter()
    version = service.metadata["model_version"]
    small, large = CapacityLimiter(READERS), CapacityLimiter(1)

    async def read(data: bytes) -> PictureReading:
        """Read a picture file in a thread.

        Small pictures wait only for small ones, and large pictures only for large ones.
        Raises Busy if a picture has to wait longer than MAX_WAIT seconds.
        """
        limiter = small if is_small(data) else large
        try:
            with anyio.fail_after(MAX_WAIT):
                return await to_thread.run_sync(service.read, data, limiter=limiter)
        except TimeoutError as error:
            raise Busy(
                "other pictures are still being read; try again later"
            ) from error

    @router.get("/health", tags=["server"])
    def health() -> Health:
        """Report that the server is running, and which version of the model it uses."""
        return Health(status="ok", model_version=version)

    @router.get("/api/model", tags=["model"])
    def describe_model() -> Model:
        """Describe the model: its origin, its test metrics and its thresholds."""
        return to_model(service, LIMITS)

    @router.post(
        "/api/read",
        tags=["reading"],
        openapi_extra={"requestBody": PICTURE_BODY},
        responses=document_problems(400, 408, 413, 422, 503),
    )
    async def read_picture(request: Request) -> Reading:
        """Read the numbers on one picture.

        Send the picture as a file in the form's field `picture`, or as the whole body
        of the request.
        """
        return to_reading(await read(await receive_picture(request)), version)

    @router.post(
        "/api/read-batch",
        tags=["reading"],
        openapi_extra={"requestBody": PICTURES_BODY},
        response_class=StreamingResponse,
        responses=document_problems(400, 408, 413, 415, 422)
        | {
            200: {
                "description": "One JSON object a line, in the order of the pictures.",
                "content": {NDJSON: {"schema": {"type": "string"}}},
            }
        },
    )
    async def read_batch(request: Request) -> StreamingResponse:
        """Read several pictures. Send them as files in the form's field `pictures`.

        The answer has one line for each picture, in the same order: a BatchEntry as
        JSON. A line is sent as soon as its picture and all pictures before it have been
        read. If a picture cannot be read, its entry has a problem in place of a
        reading.
        """
        form, files = await receive_pictures(request)
        return StreamingResponse(
            stream_entries(form, files, read, version), media_type=NDJSON
        )

    return router
