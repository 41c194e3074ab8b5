"""Check the newest exported model as MLflow serves it, in an environment of its own.

``python tests/tracking/served_model.py [PICTURE NUMBER]`` registers the model in a
database of its own, installs what the MLflow model requires into a new environment, and
sends it a picture: once through ``mlflow models serve``, once through
``mlflow.pyfunc.load_model``. Both must answer what this environment's reader answers,
and NUMBER, if given. Installing needs a package index, so this is no test of pytest;
the gate runs it.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np

from digit_recognition.imaging.decoding import decode
from digit_recognition.models.onnx_sessions import open_session
from digit_recognition.recognition.reader import load_reader
from digit_recognition.tracking.logged_model import example_picture
from digit_recognition.tracking.tracking_server import ENVIRONMENT

PATIENCE = 300
"""Seconds within which the model must be served."""

ASK = """
import json, sys, mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
pictures = pandas.DataFrame({"picture": [open(sys.argv[2], "rb").read()]})
print(model.predict(pictures).to_json(orient="records"))
"""


def main(picture: Path, number: str | None) -> None:
    exported = max(Path("data/06_models/model.onnx").iterdir())
    (page,) = decode(picture)
    model = open_session((exported / "model.onnx").read_bytes())
    (line,) = load_reader(model, 0.0015).read(page.grey)
    assert number in (None, line.number)
    folder = picture.parent
    os.environ.update(ENVIRONMENT)
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    kedro = [sys.executable, "-m", "kedro"]
    command = [*kedro, "mlflow-upload", "--register", exported.name]
    subprocess.run(command, check=True)

    from mlflow.artifacts import download_artifacts

    uri = "models:/digit_recognition@champion"
    logged = download_artifacts(uri, dst_path=str(folder / "model"))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    requirements = Path(logged, "requirements.txt")
    install = ("-m", "pip", "install", "--quiet", "--requirement", requirements)
    subprocess.run([python, *install], check=True)
    asked = subprocess.run(
        [python, "-c", ASK, logged, picture],
        cwd=folder,
        env=activated(python),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    answers = {
        "mlflow.pyfunc.load_model": json.loads(asked.stdout.splitlines()[-1]),
        "mlflow models serve": ask_server(python, logged, picture),
    }
    for way, (answer,) in answers.items():
        print(f"{way}: {answer}")
        assert answer["number"] == line.number
        assert answer["accepted"] == (not line.reason)
        assert answer["reason"] == line.reason
        assert np.isclose(answer["confidence"], line.confidence)


def ask_server(python: Path, logged: str, picture: Path) -> list[dict]:
    """Return the rows that the served model answers for a picture."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = ("-m", "mlflow", "models", "serve", "--env-manager", "local")
    server = subprocess.Popen(
        [python, *serve, "--model-uri", logged, "--port", str(port)],
        cwd=picture.parent,
        env=activated(python),
        start_new_session=True,
    )
    data = base64.b64encode(picture.read_bytes()).decode()
    split = {"dataframe_split": {"columns": ["picture"], "data": [[data]]}}
    request = Request(
        f"http://127.0.0.1:{port}/invocations",
        json.dumps(split).encode(),
        {"Content-Type": "application/json"},
    )
    end = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                with urlopen(request, timeout=PATIENCE) as answer:
                    return json.load(answer)["predictions"]
            except URLError:
                if server.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.5)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, 15)
        server.wait(timeout=60)


def activated(python: Path) -> dict[str, str]:
    """Return the environment variables with the virtual environment activated.

    ``mlflow models serve --env-manager local`` looks for ``uvicorn`` on the ``PATH``.
    """
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": ""}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "picture.png")
        given = sys.argv[1:]
        copy.write_bytes(Path(given[0]).read_bytes() if given else example_picture())
        main(copy, given[1] if given else None)
