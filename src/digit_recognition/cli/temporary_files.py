"""One folder for the temporary files of a run, which the next run can remove."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from digit_recognition.datasets.atomic import temporary_folder

PREFIX = ".digit-recognition-"


@contextmanager
def own_temporary_files() -> Iterator[None]:
    """Make ``tempfile`` use a folder that is removed at the end.

    TensorFlow and Kedro write temporary files, which a killed process leaves behind.
    The next call removes the folders of processes that have ended. Nothing changes if
    no folder can be made.
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
