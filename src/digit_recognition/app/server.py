"""Serve the page and the API from one process."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from digit_recognition.errors import ProjectError

from .api.routes import create_app
from .reading.service import Service

MAX_CONNECTIONS = 200


def serve(
    project: Path,
    host: str,
    port: int,
    model_version: str | None = None,
    allow_origins: Sequence[str] = (),
    on_ready: Callable[[str], None] = print,
) -> None:
    """Serve the page and the API until Ctrl-C.

    When the server has loaded the page, it calls ``on_ready`` with the page's address.
    Uploads are stored in a temporary folder, which is removed when the server stops.
    Raises ProjectError if there is no model, or if the server cannot use the host and
    the port.
    """
    service = Service.open(project, model_version)
    # It would log a warning for each malformed form; the client gets the reason anyway.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    with (
        _bind(host, port) as listener,
        tempfile.TemporaryDirectory(prefix="digit-recognition-") as uploads,
    ):
        address = _address(listener)

        def load_page() -> FastAPI:
            os.environ["GRADIO_TEMP_DIR"] = uploads
            page = _load_page(service)
            on_ready(address)
            return page

        app = create_app(service, load_page, allow_origins)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=1,
        )
        _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down, without logging tracebacks for pages that are still connected."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def _load_page(service: Service) -> FastAPI:
    """Return an app that serves only the page, and disable Gradio's telemetry."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    from .page.layout import mount_page

    app = FastAPI(openapi_url=None)
    return mount_page(app, service)


def _bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises ProjectError if host or port cannot be used."""
    try:
        (family, _, _, _, place), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
        return socket.create_server(place[:2], family=family)
    except OSError as error:
        # Python appends the address to strerror, so the reason is looked up by its
        # number. If a host name is unknown, the number is negative on Linux.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise ProjectError(
            f"expected to serve on {host}, port {port}, received: {reason}; "
            "choose another with --port or --host"
        ) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
