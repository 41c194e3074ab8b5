"""Read uploaded files into memory, and delete them from the disk at once."""

from __future__ import annotations

import contextlib
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.data_classes import ListFiles
from gradio.utils import get_upload_folder

from ..reading.limits import MAX_BYTES, too_many_bytes

GONE = "expected the uploaded file, found that it is gone; upload it again"

CAMERA = """
<button type="button">Take a photo</button>
<input type="file" accept="image/*" capture="environment" hidden>
"""


class UploadedPicture(NamedTuple):
    """An uploaded file: its name on the visitor's device, and its contents.

    If the file is too large or could not be read, ``data`` is empty, and ``problem``
    says why. Otherwise ``problem`` is empty.
    """

    name: str
    data: bytes = b""
    problem: str = ""


def pictures_upload() -> gr.File:
    """Return a field for uploading picture files.

    Its value is a list of UploadedPicture. Gradio's own field leaves each file, and
    an additional empty file, in a temporary folder. This field reads the files and
    deletes them. It also takes pasted pictures. On a phone, a button opens the camera.
    """
    field = gr.File(
        label="Pictures",
        file_count="multiple",
        file_types=["image"],
        height=150,
        elem_id="pictures",
    )
    # A subclass would be neater, but Gradio writes a file next to a subclass's module.
    field.preprocess = _take_all  # type: ignore[method-assign, assignment] # see above
    gr.HTML(
        "",
        html_template=CAMERA,
        js_on_load=(files(__package__) / "pictures.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="camera",
    )
    return field


def _take_all(payload: ListFiles | None) -> list[UploadedPicture]:
    uploaded = payload.root if payload else []
    taken = {path: _take(Path(path)) for path in {file.path for file in uploaded}}
    return [
        UploadedPicture(Path(file.orig_name or file.path).name, *taken[file.path])
        for file in uploaded
    ]


def _take(file: Path) -> tuple[bytes, str]:
    """Return the contents and the problem of an uploaded file, and delete the file.

    The file's folder is also deleted if it is then empty. If the file can be read, the
    problem is empty. Otherwise, the contents are empty, and the problem is one of
    these:

    - The file is gone. Gradio stores identical files only once, so the file may have
      been deleted after another visitor uploaded an identical one.
    - The path is outside Gradio's upload folder. The file then counts as gone.
    - The file has more than MAX_BYTES. It is deleted unread.
    """
    if not file.resolve().is_relative_to(Path(get_upload_folder()).resolve()):
        return b"", GONE
    try:
        size = file.stat().st_size
        data = file.read_bytes() if size <= MAX_BYTES else b""
    except OSError:
        return b"", GONE
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it holds an identical file of another name
        file.parent.rmdir()
    return data, too_many_bytes(f"{size:,}") if size > MAX_BYTES else ""
