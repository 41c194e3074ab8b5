"""Draw boxes and labels on a page, so that a person can check the digits."""

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
"""Maximum length of the longest side of a drawn page, in pixels. Larger pages are
reduced."""

MIN_SIDE = 256
"""Minimum length of the longest side of a drawn page, in pixels. Smaller pages are
enlarged, so that there is room for the labels."""


SMALL_FONT = 12
"""Size of the labels on crowded pages, in pixels."""


class DigitBox(NamedTuple):
    """A digit that was read, and its bounding box in pixels of the picture.

    ``x`` and ``y`` are the left column and the top row of the box. ``confidence`` is in
    0..1. ``accepted`` is True if the number that contains the digit is accepted.
    """

    x: float
    y: float
    width: float
    height: float
    digit: int
    confidence: float
    accepted: bool


@dataclass(frozen=True)
class ReducedPage:
    """A greyscale page, resized for drawing.

    ``image`` is the resized page. The pixel (x, y) of the original picture is at
    (zoom * x, zoom * y) in ``image``.
    """

    image: Image.Image
    zoom: float

    def draw(self, digits: Iterable[DigitBox]) -> Image.Image:
        """Return the page with boxes around its digits.

        A box is green if the number that contains the digit is accepted, and orange if
        a person must check the number. A label shows the digit and its confidence. If
        any labels would overlap, all labels of the page omit the confidence, or are
        smaller, or both.
        """
        digits = list(digits)
        image = self.image.convert("RGB")
        draw = ImageDraw.Draw(image)
        thick = max(1, round(max(image.size) / 300))
        boxes = [
            (
                *(digit.x * self.zoom - thick, digit.y * self.zoom - thick),
                (digit.x + digit.width) * self.zoom + thick,
                (digit.y + digit.height) * self.zoom + thick,
            )
            for digit in digits
        ]
        labels = _choose_labels(digits, boxes, image.size)
        for digit, box, label in zip(digits, boxes, labels, strict=True):
            colour = ACCEPTED_COLOUR if digit.accepted else REVIEW_COLOUR
            draw.rectangle(box, outline=colour, width=thick)
            draw.rectangle(label.box, fill=colour)
            draw.text(label.origin, label.text, font=label.font, fill=WHITE)
        return image


def reduce_page(page: Page) -> ReducedPage:
    """Resize the page if its longest side is below MIN_SIDE or above MAX_SIDE pixels.

    The longest side then has MIN_SIDE or MAX_SIDE pixels. Other pages keep their size.
    """
    longest = max(page.grey.shape)
    zoom = max(MIN_SIDE / longest, min(1.0, MAX_SIDE / longest))
    size = [max(1, round(side * zoom)) for side in page.grey.shape[::-1]]
    grey = Image.fromarray((page.grey * 255).astype(np.uint8))
    image = grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    return ReducedPage(image, zoom / page.scale)


@cache
def font(size: int) -> Font:
    """Return Pillow's default font with a size in pixels."""
    return ImageFont.load_default(size)


class _Label(NamedTuple):
    """The label of a digit: a text on a filled box.

    ``box`` is (left, top, right, bottom). ``origin`` is the position (x, y) at which
    the text is drawn. Both are in pixels of the drawn page.
    """

    text: str
    font: Font
    box: tuple[float, float, float, float]
    origin: tuple[float, float]


def _choose_labels(
    digits: list[DigitBox],
    boxes: list[tuple[float, float, float, float]],
    page: tuple[int, int],
) -> list[_Label]:
    """Return a label for each box, all in the same style.

    There are four styles. The first of them in which no labels overlap is used:

    1. large labels with the confidence
    2. large labels without the confidence
    3. small labels with the confidence
    4. small labels without the confidence

    If labels overlap in all styles, the last style is used. Each box is (left, top,
    right, bottom) in pixels of the drawn page. ``page`` is the width and height of the
    drawn page.
    """
    large = max(SMALL_FONT, round(max(page) / 40))
    labels: list[_Label] = []
    for size in (large, SMALL_FONT):
        for form in ("{0.digit}  {0.confidence:.0%}", "{0.digit}"):
            labels = [
                _label(form.format(digit), font(size), box, page)
                for digit, box in zip(digits, boxes, strict=True)
            ]
            if not _overlap(labels):
                return labels
    return labels


def _label(
    text: str, face: Font, box: tuple[float, ...], page: tuple[int, int]
) -> _Label:
    """Return a label above the box, or below the box if there is no room above."""
    left, top, right, bottom = face.getbbox(text)
    width, height = right - left + 6, bottom - top + 6
    x = min(max(0, box[0]), max(0, page[0] - width))
    y = box[1] - height if box[1] >= height else min(box[3], page[1] - height)
    return _Label(
        text, face, (x, y, x + width, y + height), (x + 3 - left, y + 3 - top)
    )


def _overlap(labels: list[_Label]) -> bool:
    """Return whether the boxes of any two labels overlap."""
    boxes = np.array([label.box for label in labels]).reshape(-1, 4)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlaps = (high > low).all(axis=-1)
    return bool(np.count_nonzero(overlaps) > len(labels))
