"""Answer requests with a notice while the server is still loading the web page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)

NOTICE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width">{head}
<title>Digit Recognition</title></head>
<body style="font: 1.2rem system-ui, sans-serif; margin: 20vh auto; width: fit-content">
<p role="status">{text}</p></body>
</html>"""
STARTING = NOTICE.format(
    head='<meta http-equiv="refresh" content="1">', text="The page is starting …"
)
FAILED = NOTICE.format(
    head="", text="The page could not be loaded; the log has the reason. The API works."
)


class LatePage:
    """An ASGI app that shows a notice until ``load`` has returned the page.

    ``load`` returns the page as an ASGI app. If it raises an exception, the notice says
    that the page could not be loaded.
    """

    def __init__(self, load: Callable[[], ASGIApp]):
        self._load = load
        self._page: Any = HTMLResponse(STARTING, 503, {"Retry-After": "1"})
        self._ended = anyio.Event()

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """Load the page in a thread during an ``async with`` block.

        The page is shut down at the end of the block.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            try:
                yield
            finally:
                self._ended.set()

    async def _run(self) -> None:
        try:
            page: Any = await to_thread.run_sync(self._load)
        except Exception:  # the API must continue to work
            logger.exception("The page could not be loaded")
            self._page = HTMLResponse(FAILED, 500)
            return
        async with page.router.lifespan_context(page):
            self._page = page
            await self._ended.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, or with a notice if the page is not loaded.

        Raises HTTPException with status 404 if the path starts with ``/api/``.
        """
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            raise HTTPException(404)
        await self._page(scope, receive, send)
