"""Pictures of single numbers, cut out of their page."""

from __future__ import annotations

from PIL import Image

from digit_recognition.imaging.boxes import Box
from digit_recognition.plotting.page_drawing import ReducedPage

MARGIN = 0.6
"""Paper around a number that is cut out to be checked, in heights of its digits."""


def cut_out(drawn: ReducedPage, box: Box) -> Image.Image:
    """Return the part of a page with a number and a margin around it.

    ``box`` encloses the number's digits, in pixels of the picture.
    """
    margin = MARGIN * box.height
    image, zoom = drawn.image, drawn.zoom
    return image.crop(
        (
            max(0, round(zoom * (box.left - 2 * margin))),
            max(0, round(zoom * (box.top - margin))),
            min(image.width, round(zoom * (box.right + 2 * margin))),
            min(image.height, round(zoom * (box.bottom + margin))),
        )
    )
