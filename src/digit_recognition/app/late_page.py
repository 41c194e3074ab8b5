"""A page that is loaded while the server already answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

STARTING = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="1">
<title>Digit Recognition</title></head>
<body style="font: 1.2rem system-ui, sans-serif; margin: 20vh auto; width: fit-content">
<p role="status">The page is starting …</p></body>
</html>"""


class LatePage:
    """An ASGI app that shows a notice until ``load`` has returned the page."""

    def __init__(self, load: Callable[[], ASGIApp]):
        self._load = load
        self._page: Any = None
        self._ended = anyio.Event()

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """Load the page in a thread during the block; end it with the block."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            try:
                yield
            finally:
                self._ended.set()

    async def _run(self) -> None:
        page: Any = await to_thread.run_sync(self._load)
        async with page.router.lifespan_context(page):
            self._page = page
            await self._ended.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, or with the notice."""
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            raise HTTPException(404)
        if self._page is not None:
            await self._page(scope, receive, send)
        else:
            notice = HTMLResponse(STARTING, 503, {"Retry-After": "1"})
            await notice(scope, receive, send)
