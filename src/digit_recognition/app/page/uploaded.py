"""What was read on uploaded pictures, ready to be shown and checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import NamedTuple

from PIL import Image

from digit_recognition.csv_safety import escape_cell, escape_name
from digit_recognition.imaging.decoding import UnreadablePicture
from digit_recognition.recognition.lines import Line
from digit_recognition.recognition.reading_tables import READING_COLUMNS

from ..reading.picture_reading import PictureReading
from ..reading.service import Service
from .markup import picture_url
from .pictures_upload import UploadedPicture
from .tables import Row

Corners = tuple[int, int, int, int]

MARGIN = 0.6
"""Paper around a number that is cut out to be checked, in heights of its digits."""

MAX_SHOWN = 900
"""Maximum longest side of an annotated picture on the page, in pixels."""

FAILED = "could not be read; the terminal of the server names the error"

logger = logging.getLogger(__name__)


class Shown(NamedTuple):
    """An image as a data URL, and its size in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Uploaded:
    """One picture after reading: its rows, annotated pages, and numbers to check.

    ``name`` is the picture's name, escaped as in the rows. ``pages`` are the annotated
    pages. ``cuttings`` has a picture of each number that a
    person should check; its keys are the indices of the numbers' rows.
    """

    name: str
    rows: list[Row]
    pages: list[Shown] = field(default_factory=list)
    cuttings: dict[int, Shown] = field(default_factory=dict)


def read_upload(upload: UploadedPicture, service: Service) -> Uploaded:
    """Return the reading, or one row with the reason why the picture is unreadable."""
    if upload.problem:
        return _unreadable(upload.name, upload.problem)
    try:
        reading = service.read(upload.data)
    except UnreadablePicture as unreadable:
        return _unreadable(upload.name, str(unreadable))
    except Exception:  # the other pictures are still read
        logger.exception("%s could not be read", escape_name(upload.name))
        return _unreadable(upload.name, FAILED)
    rows = reading.rows(upload.name)
    images = [reading.annotated(number) for number in range(len(reading.pages))]
    return Uploaded(
        escape_cell(upload.name),
        rows,
        [_shown(image) for image in images if image],
        _cut_out(reading),
    )


def _unreadable(name: str, reason: str) -> Uploaded:
    name = escape_cell(name)
    values = (name, 0, "", 0.0, "false", reason)
    return Uploaded(name, [dict(zip(READING_COLUMNS, values, strict=True))])


def _shown(image: Image.Image) -> Shown:
    image.thumbnail((MAX_SHOWN, MAX_SHOWN))
    return Shown(picture_url(image, "JPEG"), image.width, image.height)


def _cut_out(reading: PictureReading) -> dict[int, Shown]:
    """Return a picture of each number to check; the keys are row indices.

    If no page has numbers, the picture shows the whole first page. A page that could
    not be decoded has no picture.
    """
    if not reading.lines:
        drawn = reading.pages[0].drawn
        return {0: _shown(drawn.image.copy())} if drawn else {}
    cuttings = {}
    row = 0
    for page in reading.pages:
        for line in page.lines:
            if line.reason and page.drawn:
                image, scale = page.drawn.image, page.scale * page.drawn.zoom
                cuttings[row] = _shown(image.crop(_surroundings(line, scale, image)))
            row += 1
        row += page.drawn is None
    return cuttings


def _surroundings(line: Line, scale: float, image: Image.Image) -> Corners:
    """Return a line's box with a margin around it, in pixels of the drawn image.

    One pixel of the page is ``scale`` pixels of the image.
    """
    boxes = [digit.mark.box for digit in line.digits]
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    margin = MARGIN * (bottom - top)
    return (
        max(0, round(scale * (left - 2 * margin))),
        max(0, round(scale * (top - margin))),
        min(image.width, round(scale * (right + 2 * margin))),
        min(image.height, round(scale * (bottom + margin))),
    )
