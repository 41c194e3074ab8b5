"""Send the digit reader to each worker process, and check the package versions."""

from __future__ import annotations

import hashlib
import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from distributed import Client, Worker, WorkerPlugin, get_worker

import digit_recognition
from digit_recognition.errors import ProjectError
from digit_recognition.recognition.reader import Reader

PACKAGES = (
    *("dask", "distributed", "fsspec", "numpy", "onnxruntime", "pandas", "pillow"),
    *("pyarrow", "scikit-image", "scipy"),
)
"""Packages that must have the same version on all machines, because the results can
differ between versions."""


class ReadingPlugin(WorkerPlugin):
    """A Dask plugin that stores the reader in each worker process.

    Workers that join later also get the plugin.
    """

    def __init__(self, reader: Reader):
        self.reader = reader
        self._expected = own_versions()

    def setup(self, worker: Worker) -> None:
        """Call ``check_versions`` when Dask starts the plugin on a worker."""
        self._address = worker.address
        self.check_versions()

    def check_versions(self) -> None:
        """Raise ProjectError if this worker's versions differ from the driver's.

        The driver is the process that created this Dask plugin. ``own_versions``
        returns the versions that are compared.
        """
        own = own_versions()
        for name, expected in self._expected.items():
            if own[name] != expected:
                raise ProjectError(
                    f"expected {name} {expected} on all workers, received {own[name]} "
                    f"on {self._address}; install the same packages on all machines"
                )


@contextmanager
def registered_reader(client: Client, reader: Reader) -> Iterator[str]:
    """Send a Dask plugin with the reader to all workers, and yield the plugin's name.

    Raises ProjectError if the plugin cannot start on a worker, for example because the
    worker and this process have different versions of Python, a package or this
    project.
    """
    name = f"reader-{uuid.uuid4().hex}"
    try:
        client.register_plugin(ReadingPlugin(reader), name)
    except ProjectError:
        raise
    except Exception as error:  # Dask replaces some errors with a bare Exception
        raise ProjectError(
            "expected digit_recognition with its packages on all workers, received an "
            f"error there: {error}; install the same packages on all machines"
        ) from error
    try:
        yield name
    finally:
        # If the scheduler has gone, the client may not know it yet.
        if client.status == "running":
            with suppress(OSError):
                client.unregister_worker_plugin(name)


def worker_reader(name: str) -> Reader:
    """Return the reader of the worker that runs this task.

    ``name`` is the name of the Dask plugin in which ``registered_reader`` has sent the
    reader. Raises ProjectError if the worker and the process that sent the reader have
    different versions of Python, of a package in PACKAGES or of this project.
    """
    plugin: Any = get_worker().plugins[name]
    plugin.check_versions()
    return plugin.reader


@cache
def own_versions() -> dict[str, str]:
    """Return the versions of Python, some packages and this project as a dictionary.

    The keys are ``Python``, the names of the packages (listed in PACKAGES), and
    ``digit_recognition`` for this project. A package that is not installed has the
    version ``none``. The version of this project is a digest of its code.
    """
    versions = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    return versions | {"digit_recognition": code_digest()}


def code_digest() -> str:
    """Return the first 12 hex digits of a SHA-256 of all modules of this project."""
    package = Path(digit_recognition.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
