"""Receive the pictures in a request, within limits on its size and duration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TypeVar

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message

from ..reading.limits import MAX_BYTES, too_many_bytes

T = TypeVar("T")

FORM_BYTES = 10_000
"""Maximum number of bytes that a form may have in addition to its picture."""

MAX_PICTURES = 200
MAX_BATCH_BYTES = 200_000_000

MAX_FIELDS = 10
MAX_SURPLUS = 50_000_000

MAX_RECEIVE_SECONDS = 60
"""Maximum time for receiving a whole request."""


async def receive_picture(request: Request) -> bytes:
    """Return the picture file in the body of a request.

    If the content type is multipart/form-data, the picture is the file in the form's
    field ``picture``. With any other content type, the whole body is the picture.
    Raises HTTPException if the form has no such file, or if the request exceeds a
    limit.
    """
    request = _limited(request, MAX_BYTES + FORM_BYTES, too_many_bytes())
    if not _is_form(request):
        return await _in_time(request.body())
    async with closing(await _receive_form(request, max_files=1)) as form:
        picture = form.get("picture")
        if not isinstance(picture, UploadFile):
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "expected a file in the form's field `picture`, received none",
            )
        return await picture.read()


async def receive_pictures(request: Request) -> tuple[FormData, list[UploadFile]]:
    """Return the form in a request, and the files in the form's field ``pictures``.

    The files are in the order in which they were sent. The caller must close the form.
    Raises HTTPException if the request is not a form, has no files, has text in place
    of a file, or exceeds a limit.
    """
    sentence = (
        f"expected at most {MAX_BATCH_BYTES // 1_000_000} MB in one request, received "
        "more; send the pictures in several requests"
    )
    request = _limited(request, MAX_BATCH_BYTES, sentence)
    if not _is_form(request):
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "expected multipart/form-data, received another content type",
        )
    form = await _receive_form(request, max_files=MAX_PICTURES)
    pictures = form.getlist("pictures")
    files = [file for file in pictures if isinstance(file, UploadFile)]
    if not files or len(files) < len(pictures):
        await form.close()
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "expected files in the form's field `pictures`, received none or text",
        )
    return form, files


@asynccontextmanager
async def closing(form: FormData) -> AsyncIterator[FormData]:
    """Delete the form's temporary files at the end of an ``async with`` block."""
    try:
        yield form
    finally:
        await form.close()


def _is_form(request: Request) -> bool:
    content_type = request.headers.get("content-type", "")
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


async def _receive_form(request: Request, max_files: int) -> FormData:
    """Return the form in the request. Raises HTTPException if the form is malformed."""
    return await _in_time(request.form(max_files=max_files, max_fields=MAX_FIELDS))


async def _in_time(receiving: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(MAX_RECEIVE_SECONDS):
            return await receiving
    except TimeoutError as error:
        raise HTTPException(
            HTTPStatus.REQUEST_TIMEOUT,
            f"expected the request within {MAX_RECEIVE_SECONDS} seconds, received only "
            "a part of it; send it again, or send less at once",
        ) from error
    except ClientDisconnect as error:  # no one will read the answer
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the request broke off") from error


def _limited(request: Request, max_bytes: int, sentence: str) -> Request:
    """Return a copy of the request that raises HTTPException if its body is too large.

    The body may have up to ``max_bytes``. ``sentence`` is the detail of the exception.

    Many clients read an answer only after they have sent everything. So up to
    MAX_SURPLUS further bytes are received and dropped before the exception is raised.
    If the header Content-Length announces even more bytes, this function raises the
    exception itself.
    """
    too_large = HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > max_bytes + MAX_SURPLUS:
        raise too_large
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received <= max_bytes:
            return message
        while message.get("more_body") and received <= max_bytes + MAX_SURPLUS:
            message = await request.receive()
            received += len(message.get("body", b""))
        raise too_large

    return Request(request.scope, receive)
