"""A gate in front of Gradio that lets through only requests that the page makes.

Gradio has more routes than this page uses, and answers some malformed requests with
status 500.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..api.problems import MEDIA_TYPE, make_problem

PATHS = {
    "GET": re.compile(
        r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)"
        r"|/(assets|static|svelte)/.+"
        r"|/gradio_api/(heartbeat/\w+|queue/data|upload_progress|startup-events)"
    ),
    "POST": re.compile(
        r"/gradio_api/(queue/join|run/predict|upload|cancel|reset)",
    ),
}
QUEUE, DIRECT = "/gradio_api/queue/join", "/gradio_api/run/predict"
UPLOAD = "/gradio_api/upload"

MAX_CALL_BYTES = 12_000_000
"""Maximum size of a request that calls a Python function from the page.

A drawing of 8 MB takes 10.7 MB in such a request, because it is sent as base64 text.
"""

MAX_UPLOAD_BYTES = 400_000_000
"""Maximum size of one upload, which may contain several pictures."""


class Refused(ValueError):  # noqa: N818 (the input is at fault, not the program)
    """Raised for a request that ``Gate`` does not let through.

    The arguments of the exception are the HTTP status and the reason.
    """


class Gate:
    """Middleware that refuses every request except those that the page needs.

    A refused upload is answered with plain text. Any other refused request is answered
    with a problem details object (RFC 9457).

    The page calls Python functions on the server. Gradio calls the functions in
    ``queued`` through its queue, and the functions in ``direct`` without it. In both
    mappings, a key is the index of a function, and the value is its number of inputs.
    """

    def __init__(
        self, app: ASGIApp, queued: Mapping[int, int], direct: Mapping[int, int]
    ):
        self._app = app
        self._functions = {QUEUE: queued, DIRECT: direct}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            try:
                receive = await self._check(scope, receive)
            except Refused as refused:
                await _answer(scope["path"], *refused.args)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope, receive: Receive) -> Receive:
        """Check the request, and return the ASGI callable ``receive`` for the app.

        Raises Refused if the request does not pass the gate.
        """
        method = scope["method"].replace("HEAD", "GET")
        paths = PATHS.get(method)
        if paths is None or not paths.fullmatch(scope["path"]):
            raise Refused(HTTPStatus.NOT_FOUND, "the page has no such address")
        if method == "GET":
            return receive
        functions = self._functions.get(scope["path"])
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length")
        limit = MAX_UPLOAD_BYTES if functions is None else MAX_CALL_BYTES
        if int(length) > limit:
            detail = (
                f"expected at most {limit:,} bytes, received {int(length):,}; send "
                "less at once"
            )
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        return receive if functions is None else await _check_call(functions, receive)


def _answer(path: str, status: HTTPStatus, detail: str) -> Response:
    """Return the answer to a refused request.

    The answer to an upload is plain text, because the page shows it unchanged. Any
    other answer is a problem details object.
    """
    if path == UPLOAD:
        return PlainTextResponse(detail, status)
    problem = make_problem(status, detail).model_dump()
    return JSONResponse(problem, status, media_type=MEDIA_TYPE)


async def _check_call(functions: Mapping[int, int], receive: Receive) -> Receive:
    """Check the body of a function call.

    Return an ASGI callable ``receive`` that delivers the same body again to the app.
    Raises Refused if ``_is_call`` rejects the body.
    """
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts)
    if not _is_call(body, functions):
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "expected a call of a function of the page with all its inputs, received "
            "another one",
        )
    whole: list[Message] = [{"type": "http.request", "body": body}]

    async def receive_again() -> Message:
        return whole.pop() if whole else await receive()

    return receive_again


def _is_call(body: bytes, functions: Mapping[int, int]) -> bool:
    """Return whether the body is a call of a known function with all its inputs."""
    try:
        call = json.loads(body)
        count = functions[call["fn_index"]]
        return isinstance(call["data"], list) and len(call["data"]) == count
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
