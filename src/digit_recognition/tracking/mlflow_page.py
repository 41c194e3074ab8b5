"""Open MLflow's web page, which shows the project's runs.

``make mlflow`` runs this module.
"""

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
    # Otherwise, MLflow starts eight processes of 0.25 GB each for jobs, which this
    # project does not use.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def open_page(project: Path, port: int = PORT) -> None:
    """Start an MLflow server, and open its page in a browser.

    The server runs until Ctrl-C is pressed. It uses the project's database. The
    environment variable MLFLOW_TRACKING_URI can name another database or a running
    server. If it names a server, no server is started: only the page is opened.
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
    """Start an MLflow server on this machine, and return its process.

    ``uri`` names the database that the server uses. A relative path to an SQLite
    database is relative to ``folder``.
    """
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri),
        *("--port", str(port), "--workers", "1"),
    ]
    environment = os.environ | SERVER_ENVIRONMENT
    return subprocess.Popen(command, cwd=folder, env=environment)


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> str | None:
    """Wait until the server answers, and return its address.

    The result is None if the server's process ends without an answer.
    """
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
