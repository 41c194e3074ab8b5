"""Keep the temporary files of a run in one folder, and remove it at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from digit_recognition.datasets.atomic import temporary_folder

PREFIX = ".digit-recognition-"


@contextmanager
def own_temporary_files() -> Iterator[None]:
    """Make ``tempfile`` use a new folder, and remove the folder at the end.

    TensorFlow and Kedro write temporary files. A killed process leaves its folder with
    these files behind; the next call removes such folders. If no folder can be created,
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
