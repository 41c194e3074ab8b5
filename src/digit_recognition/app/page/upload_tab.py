"""The tab in which visitors upload pictures and get a table of their numbers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape

import gradio as gr

from digit_recognition.datasets.picture_formats import format_names

from ..reading.limits import MAX_BYTES
from ..reading.service import Service
from .gate import MAX_UPLOAD_BYTES
from .markup import counted
from .pictures_upload import UploadedPicture, pictures_upload
from .tables import downloads, table
from .uploaded import Uploaded, read_upload

NOTHING_YET = (
    '<p class="invitation">The table of numbers appears here, with the pictures beside '
    "it. The server deletes the files as soon as they are read.</p>"
)

INSTRUCTION = (
    "<p>Drop, paste or choose pictures, or take them with your phone: "
    f"{format_names()}, at most {MAX_BYTES // 1_000_000} MB each and "
    f"{MAX_UPLOAD_BYTES // 1_000_000} MB together.</p>"
)
SESSION_SECONDS = 3600
"""How long the server keeps the readings of a visitor who has left the page."""

READERS = min(2, os.cpu_count() or 1)
"""Maximum number of pictures of one upload that are read at the same time."""


def build_upload_tab(service: Service) -> gr.State:
    """Add the contents of the tab Upload to the page, and return a state.

    The value of the state is a tuple of Uploaded, one for each picture that the visitor
    has uploaded.
    """
    state = gr.State((), time_to_live=SESSION_SECONDS)

    def read_all(
        pictures: list[UploadedPicture],
        before: tuple[Uploaded, ...],
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (how Gradio passes it in)
    ) -> tuple[None, tuple[Uploaded, ...], str, gr.Button]:
        with ThreadPoolExecutor(READERS) as pool:
            found = pool.map(partial(read_upload, service=service), pictures)
            new = list(
                progress.tqdm(
                    found, total=len(pictures), desc="Reading", unit="pictures"
                )
            )
        uploads = (*before, *new)
        return None, uploads, show(uploads), gr.Button(visible=True)

    gr.HTML(INSTRUCTION, apply_default_css=False)
    upload = pictures_upload()
    again = gr.Button("Start again", visible=False, elem_id="start-again")
    result = gr.HTML(
        NOTHING_YET,
        html_template='<div role="status" aria-label="Readings">${value}</div>',
        apply_default_css=False,
        elem_id="readings",
        min_height=140,
    )
    upload.upload(
        read_all,
        [upload, state],
        [upload, state, result, again],
        api_visibility="private",
        concurrency_limit=2,
        show_progress_on=result,
    )
    again.click(
        lambda: (None, (), NOTHING_YET, gr.Button(visible=False)),
        None,
        [upload, state, result, again],
        queue=False,
        api_visibility="private",
    )
    return state


def show(uploads: tuple[Uploaded, ...]) -> str:
    """Return HTML that shows the readings of the uploaded pictures.

    It has a summary, links to downloads, the table of readings and the annotated
    pictures.
    """
    rows = [row for upload in uploads for row in upload.rows]
    anchors = [
        f"picture-{number}"
        for number, upload in enumerate(uploads, 1)
        for _ in upload.rows
    ]
    pictures = "".join(
        _pictures(f"picture-{number}", upload)
        for number, upload in enumerate(uploads, 1)
    )
    return (
        f"<p>{_summary(uploads)}</p>{downloads(rows, 'readings')}"
        f'<div class="results"><div class="scroll" tabindex="0">{table(rows, anchors)}'
        f'</div><div class="annotated scroll" tabindex="0">{pictures}</div></div>'
    )


def _summary(uploads: tuple[Uploaded, ...]) -> str:
    rows = [row for upload in uploads for row in upload.rows]
    accepted = sum(row["accepted"] == "true" for row in rows)
    to_check = sum(len(upload.cuttings) for upload in uploads)
    unreadable = len(rows) - accepted - to_check
    return (
        f"{counted(len(uploads), 'picture')}: {counted(accepted, 'number')} accepted"
        + (f", {to_check} to check in the tab Check" if to_check else "")
        + (f", {counted(unreadable, 'file')} not readable" if unreadable else "")
        + "."
    )


def _pictures(anchor: str, upload: Uploaded) -> str:
    name = escape(upload.name)
    images = "".join(
        f'<img src="{page.url}" width="{page.width}" height="{page.height}" '
        f'alt="{name} with boxes around its digits">'
        for page in upload.pages
    )
    return (
        f'<figure id="{anchor}" tabindex="-1">'
        f"{images or '<p>This file could not be read.</p>'}"
        f"<figcaption>{name}</figcaption></figure>"
    )
