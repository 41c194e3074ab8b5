"""Keep the temporary files of a run in one folder, which is removed at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from digit_recognition.datasets.atomic import temporary_folder

PREFIX = ".digit-recognition-"


@contextmanager
def own_temporary_files() -> Iterator[None]:
    """Make ``tempfile`` use a new folder, and remove the folder when the context ends.

    This folder receives the temporary files of TensorFlow and Kedro. If the process is
    killed, the folder stays, and the next call removes it. If no folder can be created,
    ``tempfile`` keeps its default.
    """
    before = tempfile.tempdir
    with ExitStack() as stack:
        try:
            parent = Path(tempfile.gettempdir())
            folder = stack.enter_context(temporary_folder(parent, PREFIX))
        except OSError:
            yield
            return
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before
