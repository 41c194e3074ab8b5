"""Helpers that the benchmarks share: arguments, paths, processes, results."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from digit_recognition.recognition.reader import Reader

ROOT = Path(__file__).parents[1]
MNIST = ROOT / "data" / "01_raw" / "mnist.npz"
FOLDER = ROOT / "data" / "benchmarks"


def parse_arguments(description: str, **arguments) -> argparse.Namespace:
    """Parse the positional arguments of a benchmark.

    Each keyword defines one argument of the command line:

    - ``rounds=3`` is optional, an integer, and 3 by default.
    - ``recipe=str`` is required, and is text.
    - ``kinds=["noise", "blur"]`` takes any number of values; the list is the default.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, value in arguments.items():
        if isinstance(value, type):
            options = {"type": value}
        elif isinstance(value, list):
            options = {"nargs": "*", "default": value}
        else:
            options = {"nargs": "?", "type": type(value), "default": value}
            options["help"] = f"default: {value}"
        parser.add_argument(name, **options)
    return parser.parse_args()


def copy_project(project: Path) -> None:
    """Copy the configuration, the code and MNIST into the folder ``project``.

    Exits with a message if MNIST is missing.
    """
    for name in ("conf/base", "conf/mlflow", "src"):
        shutil.rmtree(project / name, ignore_errors=True)
        shutil.copytree(
            ROOT / name, project / name, ignore=shutil.ignore_patterns("*.egg-info")
        )
    (project / "conf" / "local").mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, project)
    raw = project / "data" / "01_raw"
    raw.mkdir(parents=True, exist_ok=True)
    if not MNIST.exists():
        sys.exit(
            f"expected MNIST in {MNIST.relative_to(ROOT)}, received no file; run "
            "`make run` to download it"
        )
    shutil.copy(MNIST, raw)


def run_kedro(project: Path, *arguments: str) -> None:
    """Run a kedro command in a copy of the project; exit if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"kedro {' '.join(arguments)} failed:\n{done.stderr}")


class Measurement(NamedTuple):
    """The time and the peak memory of a process, and its standard output."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def measure_process(command: list[str], folder: Path) -> Measurement:
    """Run a command in ``folder`` and measure it; exit if it fails."""
    started = perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (output, errors):
            file.seek(0)
        if status:
            sys.exit(f"{' '.join(command)} failed:\n{output.read()}{errors.read()}")
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return Measurement(seconds, cpu_seconds, usage.ru_maxrss / 1000, output.read())


def newest_version(project: Path, path: str) -> Path:
    """Return the path of the newest version of a file or folder in data/.

    ``path`` is relative to data/: for ``08_reporting/sweep.csv``, the result is
    ``data/08_reporting/sweep.csv/<version>/sweep.csv``.
    """
    folder = project / "data" / path
    return max(folder.iterdir()) / folder.name


def read_report(project: Path, name: str) -> dict:
    """Return the newest version of the report 08_reporting/``name``.json."""
    return json.loads(newest_version(project, f"08_reporting/{name}.json").read_text())


MAX_ERROR = 0.0015
"""The limit on wrong digits among the accepted single digits, as in conf/base."""


def load_session() -> "InferenceSession":
    """Load the newest exported model, to run on one thread as in the catalog."""
    from digit_recognition.models.onnx_sessions import open_session

    path = newest_version(ROOT, "06_models/model.onnx")
    return open_session(path.read_bytes(), intra_op_num_threads=1)


def load_newest_reader(max_error: float) -> "Reader":
    """Load the newest exported model of this project as a reader of numbers.

    ``max_error`` is the maximum error rate of accepted digits.
    """
    from digit_recognition.recognition.reader import load_reader

    return load_reader(load_session(), max_error)
