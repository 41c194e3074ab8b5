"""The page of MLflow with the project's runs, for ``make mlflow``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from digit_recognition.runtime import open_browser

from .tracking_server import ENVIRONMENT, NoConnection, check_server, is_server

PORT = 5000
DATABASE = "sqlite:///mlflow.db"

SERVER_ENVIRONMENT = {
    **ENVIRONMENT,
    # It would start eight processes of 0.25 GB for jobs that this project has not.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def open_page(project: Path, port: int = PORT) -> None:
    """Serve MLflow on the project's database until Ctrl-C, and open the page.

    If MLFLOW_TRACKING_URI names a server, only opens the server's page.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", DATABASE)
    if is_server(uri):
        _open(uri)
        return
    with start_server(project, port, uri) as server:
        try:
            if address := wait_until_ready(server, port):
                _open(address)
                click.echo("Stop it with Ctrl-C.")
            server.wait()
        except KeyboardInterrupt:
            server.terminate()


def start_server(
    folder: Path, port: int, uri: str = DATABASE
) -> subprocess.Popen[bytes]:
    """Start a server of MLflow on this machine, on a database in ``folder``."""
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri),
        *("--port", str(port), "--workers", "1"),
    ]
    environment = os.environ | SERVER_ENVIRONMENT
    return subprocess.Popen(command, cwd=folder, env=environment)


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> str | None:
    """Return the server's address once it answers, or None if it has ended."""
    address = f"http://127.0.0.1:{port}"
    while server.poll() is None:
        try:
            check_server(address)
            return address
        except NoConnection:
            time.sleep(0.2)
    return None


def _open(address: str) -> None:
    click.echo(f"The page is at {address}.")
    open_browser(address)


if __name__ == "__main__":
    open_page(Path.cwd())
