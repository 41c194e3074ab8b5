"""The tab in which visitors draw a number and see how it is read."""

from __future__ import annotations

import io
from typing import Any

import gradio as gr
import numpy as np

from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.recognition.lines import Digit

from ..reading.service import Service
from . import layers_view
from .answer import INVITATION, answer, no_answer
from .canvas import decode_drawing, drawing_area

NO_DRAWING = "<p>Draw a number to see what each layer makes of it.</p>"


def build_draw_tab(service: Service) -> None:
    """Add the contents of the tab Draw to the page that is being built."""

    def read_drawing(drawing: Any) -> str:
        try:
            data = decode_drawing(drawing)
            if data is None:
                return INVITATION
            reading = service.read_drawing(data)
        except UnreadablePicture as unreadable:
            return no_answer(str(unreadable))
        if not reading.lines:
            return no_answer(reading.reasons[0])
        digits = _digits(reading.lines)
        return answer(reading.lines, service.probabilities(_fields(digits)))

    def look_inside(drawing: Any, place: int = 0) -> tuple[gr.Radio, str, str]:
        try:
            data = decode_drawing(drawing)
            digits = _digits(service.read_drawing(data).lines) if data else []
        except UnreadablePicture:
            digits = []
        if not data or not digits:
            return gr.Radio(visible=False), "", NO_DRAWING
        place = min(place, len(digits) - 1)
        choices = [
            (f"Digit {number}: {digit.digit}", number - 1)
            for number, digit in enumerate(digits, 1)
        ]
        fields = _fields([digits[place]])
        (page,) = decode(io.BytesIO(data))
        comparison = layers_view.preparation(
            (fields[0], service.probabilities(fields)[0]),
            service.without_preparation(page.grey),
        )
        maps = layers_view.layers(service.feature_maps(fields[0]))
        radio = gr.Radio(choices, value=place, visible=len(digits) > 1)
        return radio, comparison, maps

    with gr.Row(elem_classes="draw"):
        with gr.Column(scale=6, min_width=340):
            drawing = drawing_area()
        with gr.Column(scale=5, min_width=340):
            result = gr.HTML(
                INVITATION,
                html_template='<div role="status" aria-label="Answer">${value}</div>',
                apply_default_css=False,
                elem_id="answer",
            )
    with gr.Accordion("What happens inside", open=True, elem_id="inside"):
        place = gr.Radio([("Digit 1", 0)], value=0, label="Which digit", visible=False)
        gr.Markdown(
            "**Preparation.** MNIST's digits are centred and at most 20 pixels long. "
            "So each digit is cut out, scaled and centred before it is read."
        )
        comparison = gr.HTML("", apply_default_css=False)
        gr.Markdown(
            "**Layers.** What each layer makes of the digit, from the first to the "
            "last. Pale yellow is a strong response, dark blue a weak one."
        )
        maps = gr.HTML(NO_DRAWING, apply_default_css=False, elem_id="layers")

    options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    inside = [place, comparison, maps]
    drawing.stroke(
        read_drawing,
        drawing,
        result,
        trigger_mode="always_last",
        queue=False,
        **options,
    ).then(look_inside, drawing, inside, queue=False, **options)
    # Queued, because Gradio answers an unqueued call with status 500 if the digit that
    # was chosen does not exist.
    place.input(look_inside, [drawing, place], inside, **options)


def _digits(lines: list) -> list[Digit]:
    return [digit for line in lines for digit in line.digits]


def _fields(digits: list[Digit]) -> np.ndarray:
    return np.stack([digit.mark.field for digit in digits])
