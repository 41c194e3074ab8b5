"""Pictures of single numbers, cut out of their page."""

from __future__ import annotations

from PIL import Image, ImageDraw

from digit_recognition.imaging.boxes import Box
from digit_recognition.plotting.page_drawing import REVIEW_COLOUR, ReducedPage

MARGIN = 0.6
"""Paper around a number that is cut out to be checked, in heights of its digits."""


FRAME_GAP = 0.15
"""Gap between the number and the frame around it, in heights of its digits."""


def cut_out(drawn: ReducedPage, box: Box) -> Image.Image:
    """Return a number and a margin, cut out of a page, with a frame around the number.

    The margin may show numbers of other lines; the frame marks the right number.
    ``box`` encloses the number's digits, in pixels of the picture.
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

    The result is in pixels of the drawn image and does not extend beyond the image.
    ``across`` is the margin at the left and right, ``down`` the margin above and below,
    both in heights of the box.
    """
    image, zoom = drawn.image, drawn.zoom
    return (
        max(0, round(zoom * (box.left - across * box.height))),
        max(0, round(zoom * (box.top - down * box.height))),
        min(image.width, round(zoom * (box.right + across * box.height))),
        min(image.height, round(zoom * (box.bottom + down * box.height))),
    )
