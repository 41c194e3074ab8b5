"""Save atomically on a local disk: write into a temporary folder, then rename."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows cannot lock folders, so nothing is removed there
    fcntl = None  # type: ignore[assignment] # a module or None

PREFIX = ".saving-"
MAX_REMOVAL, REMOVAL_PAUSE = 10.0, 0.1
"""After a failed save, the temporary folder is removed until it stays away for
REMOVAL_PAUSE seconds, or until MAX_REMOVAL seconds have passed."""


@contextlib.contextmanager
def temporary_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """Yield a new folder in ``parent``, and remove it when the context ends.

    The name of the folder starts with ``prefix``. The caller writes into this folder
    and then renames the result to its final path, which must be on the same disk. A
    killed process leaves its folder behind. The next call with the same ``parent`` and
    ``prefix`` removes that folder.
    """
    with _locked_folder(parent, prefix) as folder:
        try:
            yield folder
        except BaseException:
            _remove_for_good(folder)
            raise


@contextlib.contextmanager
def claimed_name(parent: Path, name: str) -> Iterator[None]:
    """Claim a name in the folder ``parent`` until the context ends.

    Raises FileExistsError if this or another process has already claimed the name. To
    claim a name, a process makes and locks an empty folder ``.saving-NAME`` in
    ``parent``. If the process is killed, the folder stays, but its lock ends. The next
    call with this ``parent`` removes the unlocked folder. On Windows, where
    folders cannot be locked, the folder is not removed, so the name stays claimed.
    """
    with _locked_folder(parent, PREFIX, name):
        yield


@contextlib.contextmanager
def _locked_folder(parent: Path, prefix: str, name: str = "") -> Iterator[Path]:
    remove_abandoned(parent, prefix)
    folder, lock = _make_locked_folder(parent, prefix, name)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _remove_for_good(folder: Path) -> None:
    """Remove a folder until no thread makes it again, for MAX_REMOVAL seconds at most.

    If Zarr cannot write one chunk of an array, its threads still write the others, and
    make the folder again.
    """
    end = time.monotonic() + MAX_REMOVAL
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(REMOVAL_PAUSE)


def remove_abandoned(parent: Path, prefix: str = PREFIX) -> None:
    """Remove the temporary folders in ``parent`` that no running process uses.

    The names of temporary folders start with ``prefix``. Each process locks its folder.
    The operating system releases the lock when the process ends or is killed, so no
    process uses an unlocked folder. On Windows, where folders cannot be locked, none is
    removed.
    """
    for folder in parent.glob(f"{prefix}*"):
        lock = _lock(folder, wait=False)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _make_locked_folder(
    parent: Path, prefix: str, name: str
) -> tuple[Path, int | None]:
    while True:
        parent.mkdir(parents=True, exist_ok=True)
        try:
            folder = _make_folder(parent, prefix, name)
        except FileNotFoundError:  # another process removed the empty parent
            continue
        lock = _lock(folder, wait=True)
        if folder.exists():
            return folder, lock
        # Another process removed the folder before it was locked.
        if lock is not None:
            os.close(lock)


def _make_folder(parent: Path, prefix: str, name: str) -> Path:
    if not name:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    folder = parent / f"{prefix}{name}"
    folder.mkdir()
    return folder


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Lock ``folder`` and return the file descriptor that holds the lock.

    If the folder is already locked, a call with ``wait=True`` waits, and a call with
    ``wait=False`` returns None. Also returns None if the folder cannot be locked.
    """
    if fcntl is None:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
