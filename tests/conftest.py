"""What several tests share: small digits, a project of their own, all of MNIST."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import absl.logging
import numpy as np
import pytest

# Kedro writes its log into the folder from which it is imported. This folder is removed
# when the tests end.
with contextlib.chdir((HOME := tempfile.TemporaryDirectory(prefix="tests-")).name):
    import kedro.framework.project  # noqa: F401 (imported for what it does)

from click.testing import CliRunner
from kedro.framework.cli.cli import KedroCLI
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.utils import find_kedro_project
from kedro_datasets.json import JSONDataset
from no_lookups import run_without_lookups

# Before Kedro looks for it in the copies of the project that tests run.
import digit_recognition  # noqa: F401 (imported for what it does)

ROOT = Path(__file__).parents[1]
WHOLE_MNIST = (
    ROOT / "data" / "01_raw" / "mnist.npz",
    ROOT.parent / "shared" / "mnist" / "mnist.npz",
)
MNIST_C_SAMPLE = ROOT.parent / "shared" / "mnist_c_sample" / "mnist_c_sample.npz"

PATIENCE = 120_000
"""Milliseconds that a page in a browser may take: machines are busy."""

# What a shell starts in the background ignores Ctrl-C, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# When Kedro sets up logging, absl closes the stream that it found as it was imported,
# unless that is still Python's own. In a test it is the one that pytest reads.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

# Two workers with a thread for each core wait for each other: the tests of trainings
# took 143 s instead of 134 s.
if "PYTEST_XDIST_WORKER" in os.environ:
    for kind in ("INTRAOP", "INTEROP"):
        os.environ.setdefault(f"TF_NUM_{kind}_THREADS", "1")

# MLflow's client in this process would send usage data.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# Keras writes a settings file into its home when it is imported.
os.environ.setdefault("KERAS_HOME", HOME.name)


def pytest_collection_modifyitems(items):
    """Start with the files of whole runs: two workers then end at the same time."""
    items.sort(key=lambda item: item.get_closest_marker("runs") is None)


def pytest_sessionfinish(session):
    """With NO_SKIPS set, as in CI, only missing data excuse a skipped test.

    That is MNIST, and the sample of MNIST-C where the folder of both is missing.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("NO_SKIPS") or reporter is None:
        return
    skipped = reporter.stats.get("skipped", [])
    excused = {"mnist"} if MNIST_C_SAMPLE.parents[1].exists() else {"mnist", "mnist_c"}
    if any(excused.isdisjoint(report.keywords) for report in skipped):
        print("\nNO_SKIPS is set and tests were skipped", file=sys.stderr)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def whole_mnist() -> Path:
    """The path of the whole MNIST, where this machine has it."""
    path = next((path for path in WHOLE_MNIST if path.exists()), None)
    if path is None:
        pytest.skip("the whole of MNIST is not on this machine")
    return path


@pytest.fixture(scope="session")
def digits() -> dict[str, np.ndarray]:
    """40 real digits of each class to train on, 10 of each to test on."""
    from digit_recognition.datasets.mnist_dataset import load_sample

    sample = load_sample()
    arrays = {}
    for split, count in (("train", 40), ("test", 10)):
        labels = sample[f"y_{split}"]
        rows = np.concatenate([np.flatnonzero(labels == d)[:count] for d in range(10)])
        arrays[f"x_{split}"] = sample[f"x_{split}"][rows]
        arrays[f"y_{split}"] = labels[rows]
    return arrays


@pytest.fixture(scope="session")
def small_project(tmp_path_factory, digits) -> Path:
    """A project folder with a small exported model and its reports; see tests/app."""
    from PIL import Image
    from small_model import METADATA, write_model

    folder = tmp_path_factory.mktemp("app") / "project"
    shutil.copytree(ROOT / "conf" / "base", folder / "conf" / "base")
    (folder / "conf" / "local").mkdir()
    version = METADATA["model_version"]

    def place(layer: str, name: str) -> Path:
        path = folder / "data" / layer / name / version / name
        path.parent.mkdir(parents=True)
        return path

    write_model(place("06_models", "model.onnx"), digits)
    metrics = {"test_accuracy": 0.9, "model_digest": METADATA["model_digest"]}
    place("08_reporting", "metrics.json").write_text(json.dumps(metrics))
    training = {"recipe": "standard", "epochs": 1}
    place("08_reporting", "training.json").write_text(json.dumps(training))
    Image.new("L", (40, 30), 200).save(place("08_reporting", "mistakes.png"))
    chart = {"data": [{"y": [1, 2]}], "layout": {"title": {"text": "Two points"}}}
    place("08_reporting", "risk_coverage.json").write_text(json.dumps(chart))
    return folder


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium. It runs an event loop, so not for longer than a module."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not on this machine")
    quiet = (
        *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update"),
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(small_project):
    """A service on the small model."""
    from digit_recognition.app.reading.service import Service

    return Service.open(small_project)


@pytest.fixture(scope="session")
def page_of(digits):
    """Return a function that writes a number with training digits: uint8 (h, w)."""
    images = digits["x_train"].reshape(-1, 28, 28)

    def write(number: str, row: int = 0) -> np.ndarray:
        page = np.full((60, 30 * len(number) + 30), 255, np.uint8)
        for place, digit in enumerate(number):
            image = images[np.flatnonzero(digits["y_train"] == int(digit))[row]]
            left = 15 + 30 * place
            page[15:43, left : left + 28] -= image
        return page

    return write


def randomize(network):
    """Change all weights, biases included, at random."""
    rng = np.random.default_rng(1)
    network.set_weights(
        [weight + rng.normal(0, 0.1, weight.shape) for weight in network.get_weights()]
    )
    return network


def run_python(code: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """Run the code in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


class Bucket:
    """A bucket of an S3 server on this machine."""

    def __init__(self, name: str, address: str):
        import s3fs

        self.url = f"s3://{name}"
        self.options = {
            **{"key": "testing", "secret": "testing"},
            "client_kwargs": {"endpoint_url": address},
        }
        self.filesystem = s3fs.S3FileSystem(use_listings_cache=False, **self.options)
        self.filesystem.mkdir(name)

    def put(self, contents: dict[str, bytes]) -> None:
        """Put files into the bucket."""
        for name, content in contents.items():
            self.filesystem.pipe_file(f"{self.url}/{name}", content)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server) -> Bucket:
    """An empty bucket of the test's own."""
    return Bucket(f"bucket-{uuid.uuid4().hex}", s3_server)


@pytest.fixture
def refuse(monkeypatch):
    """Return a function after which the S3 server refuses all credentials."""
    name = "moto.settings.INITIAL_NO_AUTH_ACTION_COUNT"
    return lambda: monkeypatch.setattr(name, 0)


class Project:
    """A copy of the project's code and configuration, without data.

    It is made where the folder does not exist yet. Projects that tests share refuse
    commands, which would change the results that other tests expect.
    """

    is_shared = False

    def __init__(self, folder: Path):
        self.folder = folder
        if folder.exists():
            return
        for name in ("conf", "src"):
            shutil.copytree(
                ROOT / name,
                folder / name,
                ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
            )
        for file in (folder / "conf" / "local").glob("*.y*ml"):
            file.unlink()
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(ROOT / name, folder / name)

    def copy_to(self, folder: Path) -> Project:
        """Return a copy of the project with its data."""
        project = Project(folder)
        shutil.copytree(self.folder / "data", folder / "data")
        return project

    def put(self, arrays: dict[str, np.ndarray]) -> None:
        """Put the arrays where MNIST is expected."""
        path = self.folder / "data" / "01_raw" / "mnist.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **arrays)

    def kedro(
        self, *arguments: str, within: str = "", **environment: str
    ) -> subprocess.CompletedProcess:
        """Run the ``kedro`` command in this process, in a folder of the project.

        The code is that of the tests, not the project's copy. TensorFlow, which takes
        7 s to import, is imported once for all runs of a worker.
        """
        self._check_own()
        with self._inside(within, environment):
            command = KedroCLI(find_kedro_project(Path.cwd()))
            done = CliRunner(catch_exceptions=False).invoke(command, arguments)
        return subprocess.CompletedProcess(
            arguments, done.exit_code, done.stdout, done.stderr
        )

    def load(self, *names: str) -> list:
        """Load the datasets as a notebook does, from the project's catalog."""
        with self.catalog() as catalog:
            return [catalog.load(name) for name in names]

    @contextlib.contextmanager
    def catalog(self) -> Iterator[DataCatalog]:
        """The project's catalog."""
        with self._inside("", {}):
            bootstrap_project(self.folder)
            with KedroSession.create(self.folder) as session:
                yield session.load_context().catalog

    @contextlib.contextmanager
    def _inside(self, within: str, environment: dict[str, str]) -> Iterator[None]:
        with (
            contextlib.chdir(self.folder / within),
            mock.patch.dict(os.environ, environment),
            mock.patch.object(sys, "path", list(sys.path)),
            warnings.catch_warnings(),
        ):
            # Kedro and its plugins warn of their own deprecations.
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", module="digit_recognition")
            yield

    def python(
        self, *arguments: str, within: str = "", **environment: str
    ) -> subprocess.CompletedProcess:
        """Run ``python`` with the project's own code, in a process of its own."""
        options = self._process(within, environment)
        return subprocess.run(
            [sys.executable, *arguments],
            **options,
            capture_output=True,
            check=False,
            timeout=600,
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start ``python`` as `python` does, without waiting for its end."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, *arguments], **self._process("", {}), **pipes
        )

    def _check_own(self) -> None:
        assert not self.is_shared, "run commands in a copy: tests share this project"

    def _process(self, within: str, environment: dict[str, str]) -> dict:
        self._check_own()
        path = {"PYTHONPATH": str(self.folder / "src")}
        return {
            "cwd": self.folder / within,
            "env": os.environ | path | environment,
            "text": True,
        }

    def versions(self, path: str) -> list[str]:
        """The versions below ``data/path``, oldest first."""
        folder = self.folder / "data" / path
        return sorted(item.name for item in folder.iterdir()) if folder.exists() else []

    def newest(self, path: str) -> Path:
        """The file or folder of the newest version below ``data/path``."""
        folder = self.folder / "data" / path
        return folder / self.versions(path)[-1] / folder.name


def interrupted_save(error: type[BaseException]):
    """A ``save`` for a JSONDataset that writes half of the file and then raises."""

    def save(dataset, data):
        path = dataset._get_save_path()
        dataset._fs.makedirs(path.parent)
        dataset._fs.pipe_file(str(path), b"half")
        raise error

    return save


def new_project(folder, digits):
    """Return a project with data below ``folder``."""
    project = Project(folder / "project")
    project.put(digits)
    (project.folder / "conf" / "local").mkdir(exist_ok=True)
    return project


@pytest.fixture
def project(tmp_path) -> Project:
    """A project of the test's own."""
    return Project(tmp_path / "project")


def run_once(
    factory: pytest.TempPathFactory,
    name: str,
    params: str,
    arrays: dict[str, np.ndarray] | None = None,
    **environment: str,
) -> Project:
    """A project after one ``kedro run``, which one worker starts for all workers.

    Its ``output`` and ``errors`` are what the run wrote to stdout and stderr; ``home``
    is the folder for what it writes as a user. The run is killed if it looks up a name,
    and nothing refuses telemetry. Tests read the project; a test that adds files to it
    takes a copy.
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / name
    home.mkdir(exist_ok=True)
    output = home / "stdout.txt"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists():
            shutil.rmtree(home / "project", ignore_errors=True)
            project = Project(home / "project")
            if arrays:
                project.put(arrays)
            (project.folder / ".telemetry").unlink()
            command = ("kedro", "run", "--params", params)
            done = run_without_lookups(
                home / "home", *command, cwd=project.folder, **environment
            )
            assert done.returncode == 0, done.stderr
            (home / "stderr.txt").write_text(done.stderr)
            output.write_text(done.stdout)
    project = Project(home / "project")
    project.output = output.read_text()
    project.errors = (home / "stderr.txt").read_text()
    project.home = home / "home"
    project.is_shared = True
    return project


@pytest.fixture(scope="session")
def trained(tmp_path_factory, digits) -> Project:
    """A project after one run of one epoch on `digits`; tests only read it."""
    params = (
        "seed=5,train.recipes.standard.epochs=1,"
        "detector.pictures=2000,detector.epochs=1"
    )
    return run_once(tmp_path_factory, "trained", params, digits)


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory) -> Project:
    """A project after a run without MNIST and network; tests only read it.

    All is as by default, but for fewer epochs and a smaller detector.
    """
    return run_once(
        tmp_path_factory,
        "sample",
        "train.recipes.standard.epochs=5,detector.pictures=2000,detector.epochs=2",
        HTTPS_PROXY="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
        KERAS_HOME=str(tmp_path_factory.mktemp("keras")),
        COLUMNS="200",
    )


@pytest.fixture
def project_after_run(trained, tmp_path) -> Project:
    """A copy of the trained project that the test may change."""
    return trained.copy_to(tmp_path / "project")


@pytest.fixture
def catalog(tmp_path):
    """Three versioned JSON files, each saved as version "now", and a lineage."""

    def dataset(name):
        path = f"{tmp_path}/{name}.json"
        return JSONDataset(filepath=path, version=Version(None, "now"))

    return DataCatalog(
        {name: dataset(name) for name in ("model", "training", "metrics")}
        | {"lineage": MemoryDataset(copy_mode="assign")}
    )


@pytest.fixture
def keep(catalog):
    """Put a version of a dataset of the catalog into its place: its own name."""

    def put(name: str, version: str) -> None:
        path = str(catalog.get(name)._filepath)
        JSONDataset(filepath=path, version=Version(None, version)).save(version)

    return put
