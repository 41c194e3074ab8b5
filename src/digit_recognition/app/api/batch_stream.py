"""Stream the answer to a batch of pictures: one line per picture, in order."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice

from starlette.datastructures import FormData, UploadFile

from ..reading.picture_reading import PictureReading
from .problems import problem_of
from .request_bodies import closing
from .schemas import BatchEntry, to_reading

READERS = max(2, os.cpu_count() or 1)
"""Maximum number of small pictures that are read at the same time.

A picture is small if `is_small` returns True for it.
"""


async def stream_entries(
    form: FormData,
    files: Sequence[UploadFile],
    read: Callable[[bytes], Awaitable[PictureReading]],
    version: str,
) -> AsyncIterator[str]:
    """Yield one line of NDJSON for each file, in the order of ``files``.

    Each line is a BatchEntry. If ``read`` raises an exception, the entry has a problem
    in place of a reading. ``read`` reads the contents of a picture file, and
    ``version`` is the version of the model. Up to READERS files are read at the same
    time. At the end, the temporary files of ``form`` are deleted.
    """

    async def read_entry(position: int, file: UploadFile) -> str:
        reading = problem = None
        try:
            reading = to_reading(await read(await file.read()), version)
        except Exception as error:  # noqa: BLE001 (`problem_of` logs it)
            problem = problem_of(error)
        entry = BatchEntry(
            position=position,
            picture=file.filename or "",
            reading=reading,
            problem=problem,
        )
        return f"{entry.model_dump_json()}\n"

    waiting = iter(enumerate(files))
    started: deque[asyncio.Task[str]] = deque()
    async with closing(form):
        try:
            while True:
                for position, file in islice(waiting, READERS - len(started)):
                    started.append(asyncio.create_task(read_entry(position, file)))
                if not started:
                    return
                yield await started.popleft()
        finally:  # also if the client has disconnected
            for task in started:
                task.cancel()
