"""Draw the digits that were read onto a page, for a person to check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_recognition.imaging.decoding import Page

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

ACCEPTED_COLOUR = (0, 120, 60)
# Vermillion of Okabe and Ito 2008, "Color universal design".
REVIEW_COLOUR = (213, 94, 0)
WHITE = (255, 255, 255)

MAX_SIDE = 1600
"""Maximum longest side of a drawn picture, in pixels; larger ones are reduced."""

MIN_SIDE = 256
"""Minimum longest side of a drawn picture, in pixels; smaller ones are enlarged, which
makes their labels legible."""


class DigitBox(NamedTuple):
    """A digit and its box, in pixels of the picture."""

    x: float
    y: float
    width: float
    height: float
    digit: int
    confidence: float
    accepted: bool


@dataclass(frozen=True)
class ReducedPage:
    """A page at the size in which it is drawn, greyscale.

    One pixel of the picture is ``zoom`` pixels here.
    """

    image: Image.Image
    zoom: float

    def draw(self, digits: Iterable[DigitBox]) -> Image.Image:
        """Return the page with boxes around its digits.

        They are green if the number is accepted, orange if a person must check it.
        """
        image = self.image.convert("RGB")
        draw = ImageDraw.Draw(image)
        thick = max(1, round(max(image.size) / 300))
        face = font(max(12, round(max(image.size) / 40)))
        for digit in digits:
            box = [
                *(digit.x * self.zoom - thick, digit.y * self.zoom - thick),
                (digit.x + digit.width) * self.zoom + thick,
                (digit.y + digit.height) * self.zoom + thick,
            ]
            colour = ACCEPTED_COLOUR if digit.accepted else REVIEW_COLOUR
            draw.rectangle(box, outline=colour, width=thick)
            _label(draw, box, f"{digit.digit}  {digit.confidence:.0%}", face, colour)
        return image


def reduce_page(page: Page) -> ReducedPage:
    """Return the page with a longest side of MIN_SIDE to MAX_SIDE."""
    longest = max(page.grey.shape)
    zoom = max(MIN_SIDE / longest, min(1.0, MAX_SIDE / longest))
    size = [max(1, round(side * zoom)) for side in page.grey.shape[::-1]]
    grey = Image.fromarray((page.grey * 255).astype(np.uint8))
    image = grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    return ReducedPage(image, zoom / page.scale)


@cache
def font(size: int) -> Font:
    """Return Pillow's own font."""
    return ImageFont.load_default(size)


def _label(
    draw: ImageDraw.ImageDraw,
    box: list[float],
    text: str,
    face: Font,
    colour: tuple[int, int, int],
) -> None:
    left, top, right, bottom = draw.textbbox((0, 0), text, font=face)
    width, height = right - left + 6, bottom - top + 6
    x = min(max(0, box[0]), max(0, draw.im.size[0] - width))
    y = box[1] - height if box[1] >= height else min(box[3], draw.im.size[1] - height)
    draw.rectangle([x, y, x + width, y + height], fill=colour)
    draw.text((x + 3 - left, y + 3 - top), text, font=face, fill=WHITE)
