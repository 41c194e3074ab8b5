import threading
from contextlib import asynccontextmanager

import anyio
import httpx
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from digit_recognition.app.api.routes import create_app


@asynccontextmanager
async def started(app):
    """Yield a client of the app between its start and its end."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://app") as client,
    ):
        yield client


def test_the_api_answers_while_the_page_is_loaded(service):
    may_load, is_loaded = threading.Event(), []

    def load():
        may_load.wait(10)
        page = FastAPI()
        page.add_api_route("/", lambda: PlainTextResponse("the page"))
        page.router.lifespan_context = lambda _: Lifespan(is_loaded)
        return page

    async def visit():
        async with started(create_app(service, load)) as client:
            assert (await client.get("/health")).status_code == 200
            notice = await client.get("/")
            assert notice.status_code == 503
            assert "The page is starting" in notice.text
            assert 'http-equiv="refresh"' in notice.text
            may_load.set()
            with anyio.fail_after(10):
                while (await client.get("/")).text != "the page":
                    await anyio.sleep(0.01)
            assert (await client.get("/health")).status_code == 200
            assert is_loaded == ["started"]

    anyio.run(visit)
    assert is_loaded == ["started", "ended"]


class Lifespan:
    """The lifespan of a page: writes down its start and its end."""

    def __init__(self, record):
        self.record = record

    async def __aenter__(self):
        self.record.append("started")

    async def __aexit__(self, *_):
        self.record.append("ended")


def test_a_page_that_cannot_be_loaded_says_so_and_the_api_works(service, caplog):
    def load():
        raise RuntimeError("no page")

    async def visit():
        async with started(create_app(service, load)) as client:
            with anyio.fail_after(10):
                while (answer := await client.get("/")).status_code == 503:
                    await anyio.sleep(0.01)
            assert answer.status_code == 500
            assert "The page could not be loaded" in answer.text
            assert (await client.get("/health")).status_code == 200

    anyio.run(visit)
    assert "no page" in caplog.text
