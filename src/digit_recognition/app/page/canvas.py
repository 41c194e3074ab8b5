"""The drawing area of the page.

It is an HTML canvas with the script canvas.js, not Gradio's ``Sketchpad``. Both were
measured on 2026-11-25 with Gradio 6.31 and a headless Chromium on 2 cores. With the
Sketchpad, the answer came 3.0 s after the end of a stroke (median of 5). The Sketchpad
sent 10 requests for this answer, left files on the server, and made visitors choose a
pen before drawing. With this canvas, the answer came after 46 ms (median of 12) and
took one request.
"""

from __future__ import annotations

import base64
import binascii
import json
from importlib.resources import files
from typing import Any

import gradio as gr

from digit_recognition.imaging.decoding import UnreadablePicture

from .examples import Example, examples

PNG_URL = "data:image/png;base64,"
ROUND = 'fill="none" stroke="currentColor" stroke-linecap="round"'


def drawing_area() -> gr.HTML:
    """Return the drawing area with its buttons and examples.

    The value of the drawing area is a PNG picture as a data URL, or "" if nothing is
    drawn. The event ``stroke`` occurs when the drawing has changed.
    """
    buttons = "".join(_example_button(example) for example in examples())
    return gr.HTML(
        "",
        html_template=f"""
        <div class="paper">
          <canvas role="img" aria-label="Drawing area. Draw with mouse, pen or finger,
            or choose an example below."></canvas>
          <p class="hint" aria-hidden="true">Draw a number here</p>
        </div>
        <div class="tools">
          <button type="button" class="undo">Undo stroke</button>
          <button type="button" class="clear">Clear</button>
        </div>
        <div class="examples" role="group" aria-label="Examples">
          <p>Or click an example:</p>{buttons}
        </div>""",
        js_on_load=(files(__package__) / "canvas.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="drawing",
    )


def decode_drawing(value: Any) -> bytes | None:
    """Return the PNG file of a drawing, or None if nothing is drawn.

    ``value`` is the value of the drawing area. Raises UnreadablePicture if it is not a
    data URL of the type image/png, or if its base64 text is cut off. Whether the
    decoded bytes are a PNG file is not checked.
    """
    if not value:
        return None
    if not isinstance(value, str) or not value.startswith(PNG_URL):
        raise UnreadablePicture("expected a drawing as PNG, received something else")
    try:
        return base64.b64decode(value.removeprefix(PNG_URL), validate=True)
    except binascii.Error as error:
        raise UnreadablePicture(
            "expected a whole drawing, received one that is cut off; draw it again"
        ) from error


def _example_button(example: Example) -> str:
    width = max(x for stroke in example.strokes for x, _ in stroke)
    lines = "".join(
        f'<polyline points="{" ".join(f"{x},{y}" for x, y in stroke)}"/>'
        for stroke in example.strokes
    )
    return (
        f'<button type="button" aria-label="Example {example.label}" '
        f"data-strokes='{json.dumps(example.strokes)}'>"
        f'<svg viewBox="-0.1 -0.1 {width + 0.2:.2f} 1.2" {ROUND} stroke-width="0.09" '
        f'stroke-linejoin="round" aria-hidden="true">{lines}</svg></button>'
    )
