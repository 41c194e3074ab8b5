"""`kedro app`: serve the web page for drawing digits, and the HTTP API."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click
from kedro.utils import find_kedro_project

from digit_recognition.datasets.csv_safety import escape_message
from digit_recognition.errors import ProjectError
from digit_recognition.runtime import open_browser

from .logs import configure_logging

PACKAGES = ("gradio", "fastapi", "fastapi_offline", "uvicorn", "python_multipart")
LOCAL = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to serve on. 0.0.0.0 lets other machines in; there is no login.",
)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes a free one.",
)
@click.option(
    "--model-version",
    metavar="VERSION",
    help="A folder of data/06_models/model.onnx. The newest by default.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="A web site whose scripts may use the API, such as https://example.org.",
)
@click.option(
    "--browser/--no-browser",
    default=True,
    help="Open the page in the browser, where there is one.",
)
def app(
    host: str,
    port: int,
    model_version: str | None,
    allow_origins: tuple[str, ...],
    browser: bool,
) -> None:
    """Serve a web page and an HTTP API that read handwritten digits."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise click.ClickException(
            f"expected the packages of the extra `app`, found no {', '.join(missing)}; "
            'install them with `pip install -e ".[app]"`'
        )
    project = find_kedro_project(Path.cwd()) or Path.cwd()

    def announce(address: str) -> None:
        click.echo(f"The page is at {address}, the API at {address}/docs.")
        if host not in LOCAL:
            click.echo("Other machines can reach it. There is no login.", err=True)
        click.echo("Stop it with Ctrl-C.")
        if browser:
            open_browser(address)

    try:
        configure_logging(project, verbose=False)
        from digit_recognition.app.server import serve

        serve(project, host, port, model_version, allow_origins, announce)
    except ProjectError as error:
        raise click.ClickException(escape_message(str(error))) from error
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
