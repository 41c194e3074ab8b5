"""Uploaded files, which are read into memory and deleted from the disk at once."""

from __future__ import annotations

import contextlib
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.data_classes import ListFiles
from gradio.utils import get_upload_folder


class UploadedPicture(NamedTuple):
    """An uploaded file: its name on the visitor's device, and its contents.

    ``data`` is None if the file is gone or was not uploaded.
    """

    name: str
    data: bytes | None


def pictures_upload() -> gr.File:
    """Return a field for picture files; its value is a list of UploadedPicture.

    Gradio's own field leaves each file in a temporary folder, and an empty file beside
    it. This one reads the files and deletes them. It also takes pasted pictures.
    """
    field = gr.File(
        label="Pictures",
        file_count="multiple",
        file_types=["image"],
        height=150,
        elem_id="pictures",
    )
    # A subclass would be neater, but Gradio writes a file next to its module.
    field.preprocess = _take_all  # type: ignore[method-assign, assignment] # see above
    gr.HTML(
        "",
        js_on_load=(files(__package__) / "paste.js").read_text("utf-8"),
        visible="hidden",
    )
    return field


def _take_all(payload: ListFiles | None) -> list[UploadedPicture]:
    uploaded = payload.root if payload else []
    data = {path: _take(Path(path)) for path in {file.path for file in uploaded}}
    return [
        UploadedPicture(Path(file.orig_name or file.path).name, data[file.path])
        for file in uploaded
    ]


def _take(file: Path) -> bytes | None:
    """Return the contents of an uploaded file, and delete it with its folder.

    Returns None if the file is gone. This happens when another visitor has just
    uploaded an identical file, because Gradio stores identical files only once. Also
    returns None for a path outside Gradio's upload folder.
    """
    if not file.resolve().is_relative_to(Path(get_upload_folder()).resolve()):
        return None
    try:
        data = file.read_bytes()
    except OSError:
        return None
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: an equal file of another name
        file.parent.rmdir()
    return data
