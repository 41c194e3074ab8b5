"""Cut single numbers out of the image of a page."""

from __future__ import annotations

from PIL import Image, ImageDraw

from digit_recognition.imaging.boxes import Box
from digit_recognition.plotting.page_drawing import REVIEW_COLOUR, ReducedPage

MARGIN = 0.6
"""Margin above and below a number that is cut out, as a fraction of the number's
height. The left and right margins are twice as wide."""


FRAME_GAP = 0.15
"""Gap between a number and the frame that `cut_out` draws around it, as a fraction of
the number's height."""


def cut_out(drawn: ReducedPage, box: Box) -> Image.Image:
    """Cut a number and a margin out of a page, and draw a frame around the number.

    The margin may show other numbers, so the frame marks the one to check. ``drawn`` is
    a resized image of the page. ``box`` encloses the digits of the number, in pixels of
    the original picture. The result is an RGB image.
    """
    left, top, right, bottom = _widened(drawn, box, 2 * MARGIN, MARGIN)
    cutting = drawn.image.crop((left, top, right, bottom)).convert("RGB")
    frame = _widened(drawn, box, FRAME_GAP, FRAME_GAP)
    ImageDraw.Draw(cutting).rectangle(
        (frame[0] - left, frame[1] - top, frame[2] - left - 1, frame[3] - top - 1),
        outline=REVIEW_COLOUR,
        width=max(1, round(cutting.height / 150)),
    )
    return cutting


def _widened(
    drawn: ReducedPage, box: Box, across: float, down: float
) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the box with margins around it.

    ``across`` is the margin on the left and on the right. ``down`` is the margin above
    and below. Both are fractions of the height of the box. The result is in pixels of
    ``drawn.image`` and does not extend beyond the image.
    """
    image, zoom = drawn.image, drawn.zoom
    return (
        max(0, round(zoom * (box.left - across * box.height))),
        max(0, round(zoom * (box.top - down * box.height))),
        min(image.width, round(zoom * (box.right + across * box.height))),
        min(image.height, round(zoom * (box.bottom + down * box.height))),
    )
