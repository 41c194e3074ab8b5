"""Manifests: one file of SHA-256 digests for each version of the results."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from kedro.io import DatasetError

from digit_recognition.datasets.atomic import temporary_folder
from digit_recognition.datasets.manifest_format import decode, encode

FOLDER = Path("data", "08_reporting", "manifests")
SUFFIX = ".sha256"


class State(StrEnum):
    """The state of a dataset's version; `kedro verify` prints these values."""

    GOOD = "good"
    DAMAGED = "damaged"
    MISSING = "missing"
    NO_DIGEST = "no digest"
    NOT_READABLE = "not readable"


class Manifests:
    """The manifests of a project, in ``data/08_reporting/manifests/VERSION.sha256``.

    A version is the time of the run that saved the results. Its manifest has one line
    for each file, in the format of sha256sum: the digest and the path. Paths are
    relative to the project's folder, so run ``sha256sum --check`` there. The last line
    is a comment with the digest of the lines above. Only results on a local disk are
    listed.
    """

    def __init__(self, project: Path):
        self._project = Path(project)
        self.folder = self._project / FOLDER
        self._lock = threading.Lock()

    def add(self, folder: Path, digests: Mapping[str, str]) -> None:
        """Add the files of one version of a dataset to the manifest of this version.

        ``folder`` is the version's folder: the path of the dataset followed by the
        version. ``digests`` is the result of ``digest_files(folder)``. The manifest is
        replaced atomically. Raises OSError if it cannot be written, and DatasetError if
        the existing manifest is damaged or cannot be read.
        """
        prefix = self._prefix(folder)
        with self._lock:
            lines = self.read(folder.name)
            lines |= {f"{prefix}{name}": digests[name] for name in digests}
            with temporary_folder(self.folder) as temporary:
                file = temporary / "manifest"
                file.write_bytes(encode(lines))
                file.replace(self.path(folder.name))

    def examine(self, folder: Path) -> tuple[State, Path]:
        """Return the state of one version of a dataset, and a path.

        ``folder`` is the version's folder: the path of the dataset followed by the
        version. Its files are compared with the version's manifest. These are the
        states:

        - good: all files are as they were saved.
        - damaged: a file was changed, removed or added, or the disk fails to read it.
        - missing: the manifest lists files, but the folder has none or does not exist.
        - no digest: the manifest lists no file of this folder.
        - not readable: permissions forbid reading a file or a folder.

        If the state is damaged or not readable, the path is the file or folder that has
        this state. Otherwise, it is ``folder``.

        Files whose name starts with a dot are ignored. Raises DatasetError if the
        manifest is damaged or cannot be read.
        """
        path = folder
        try:
            recorded, found = self.recorded(folder), _files(folder)
            if not recorded:
                return State.NO_DIGEST, folder
            if not found:
                return State.MISSING, folder
            for name in sorted(found | recorded.keys()):
                path = folder / name
                if name not in found or _digest(path) != recorded.get(name):
                    return State.DAMAGED, path
        except PermissionError as error:
            return State.NOT_READABLE, Path(error.filename or path)
        except OSError:
            return State.DAMAGED, path
        return State.GOOD, folder

    def require_undamaged(
        self, name: str, folder: Path, option: str | None = None
    ) -> None:
        """Raise DatasetError if a version of a dataset is damaged or not readable.

        ``name`` is the dataset, and ``folder`` is the folder of the version. The
        message names the damaged or unreadable file. If a file is damaged and the
        dataset has a good version, the message also gives the command-line option that
        loads the newest good version. ``option`` is the text directly before this
        version, such as ``"--model-version "``. By default, it is
        ``--load-versions NAME:``, where NAME is the dataset.

        DatasetError is also raised if the manifest is damaged or cannot be read. No
        error is raised for a version without files or without digests.
        """
        state, path = self.examine(folder)
        if state is State.NOT_READABLE:
            raise DatasetError(
                f"expected to read {name}, received a place that is not readable: "
                f"{path}; change its permissions"
            )
        if state is State.DAMAGED:
            advice = ""
            if good := self._newest_good(folder):
                select = option or f"--load-versions {name}:"
                advice = f", or load the newest good version with {select}{good}"
            raise DatasetError(
                f"expected {name} as it was saved, received a damaged file: {path}; "
                f"make it again with `kedro run`{advice}"
            )

    def _newest_good(self, damaged: Path) -> str | None:
        for folder in sorted(damaged.parent.iterdir(), reverse=True):
            with contextlib.suppress(DatasetError):
                if folder != damaged and self.examine(folder)[0] is State.GOOD:
                    return folder.name
        return None

    def recorded(self, folder: Path) -> dict[str, str]:
        """Return the digests that the manifest has for the files in ``folder``.

        Keys are paths relative to ``folder``. The dictionary is empty if the manifest
        lists no file of this folder, or if there is no manifest. Raises DatasetError if
        the manifest is damaged or cannot be read.
        """
        prefix = self._prefix(folder)
        lines = self.read(folder.name)
        return {
            path.removeprefix(prefix): digest
            for path, digest in lines.items()
            if path.startswith(prefix)
        }

    def folders(self, version: str) -> set[str]:
        """Return the paths of the dataset folders that a version's manifest refers to.

        A dataset's folder holds all versions of the dataset. The path of a folder
        inside the project's folder is relative to the project's folder. Any other path
        is absolute. Raises DatasetError if the manifest is damaged or cannot be read.
        """
        return {path.partition(f"/{version}/")[0] for path in self.read(version)}

    def read(self, version: str) -> dict[str, str]:
        """Return all digests in the manifest of a version; keys are paths.

        The dictionary is empty if there is no manifest. Raises DatasetError if the
        manifest is damaged or cannot be read.
        """
        path = self.path(version)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise DatasetError(
                f"expected to read the manifest {path}, received {error}; check what "
                "is there and its permissions"
            ) from error
        try:
            return decode(content)
        except ValueError as error:
            raise DatasetError(
                f"expected the manifest as it was saved, received a damaged file, "
                f"{path}; remove it to load version {version} unchecked, or make a new "
                "version with `kedro run`"
            ) from error

    def versions(self) -> list[str]:
        """Return the versions that have a manifest."""
        return [file.stem for file in self.folder.glob(f"*{SUFFIX}")]

    def path(self, version: str) -> Path:
        """Return the path of the manifest of a version."""
        return self.folder / f"{version}{SUFFIX}"

    def _prefix(self, folder: Path) -> str:
        if folder.is_relative_to(self._project):
            folder = folder.relative_to(self._project)
        return f"{folder.as_posix()}/"


def digest_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in ``folder``, as 64 hex digits.

    Keys are paths relative to ``folder``. Files whose name starts with a dot are left
    out.
    """
    return {name: _digest(folder / name) for name in sorted(_files(folder))}


def _files(folder: Path) -> set[str]:
    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    return {
        Path(parent, name).relative_to(folder).as_posix()
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if not name.startswith(".")
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
