"""What several tests share: small digits, a project of their own, all of MNIST."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro_datasets.json import JSONDataset

ROOT = Path(__file__).parents[1]
WHOLE_MNIST = (
    ROOT / "data" / "01_raw" / "mnist.npz",
    ROOT.parent / "shared" / "mnist" / "mnist.npz",
)
MNIST_C_SAMPLE = ROOT.parent / "shared" / "mnist_c_sample" / "mnist_c_sample.npz"

# What a shell starts in the background ignores Ctrl-C, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Keras writes a settings file into its home when it is imported.
os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp(prefix="keras-"))


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


class Project:
    """A copy of the project, without data, in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
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

    def put(self, arrays: dict[str, np.ndarray]) -> None:
        """Put the arrays where MNIST is expected."""
        path = self.folder / "data" / "01_raw" / "mnist.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **arrays)

    def kedro(
        self, *arguments: str, within: str = "", **environment: str
    ) -> subprocess.CompletedProcess:
        """Run ``kedro`` in a folder of the project; no proxy leads out of it."""
        return subprocess.run(
            [sys.executable, "-m", "kedro", *arguments],
            cwd=self.folder / within,
            env={**os.environ, "PYTHONPATH": str(self.folder / "src"), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def versions(self, path: str) -> list[str]:
        """The versions below ``data/path``, oldest first."""
        folder = self.folder / "data" / path
        return sorted(item.name for item in folder.iterdir()) if folder.exists() else []

    def newest(self, path: str) -> Path:
        """The file or folder of the newest version below ``data/path``."""
        folder = self.folder / "data" / path
        return folder / self.versions(path)[-1] / folder.name


@pytest.fixture
def project(tmp_path) -> Project:
    """A project of the test's own."""
    return Project(tmp_path / "project")


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
