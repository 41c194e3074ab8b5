"""Results of reading uploaded pictures, ready to be shown and checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import uuid4

from PIL import Image

from digit_recognition.datasets.csv_safety import escape_cell, escape_name
from digit_recognition.imaging.boxes import Box, enclosing
from digit_recognition.imaging.decoding import UnreadablePicture
from digit_recognition.recognition.reading_tables import READING_COLUMNS

from ..reading.cuttings import cut_out
from ..reading.picture_reading import PictureReading
from ..reading.service import Service
from .markup import picture_url
from .pictures_upload import UploadedPicture
from .tables import Row

MAX_SHOWN = 900
"""Maximum width and height of a picture on the web page, in pixels."""

FAILED = "could not be read; the terminal of the server names the error"

logger = logging.getLogger(__name__)


class Shown(NamedTuple):
    """An image as a data URL, and its size in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Uploaded:
    """One uploaded picture and its readings.

    ``rows`` are the picture's rows in the table of readings. ``name`` is the name of
    the picture, as `escape_cell` returns it. ``pages`` are the annotated pages.
    ``key`` is different for each upload.

    ``cuttings`` holds an image of each number that a person should check. Its keys are
    the indices of the numbers' rows in ``rows``. If no number was found on the picture,
    ``cuttings`` maps 0 to an image of the first page. If the picture could not be
    decoded, ``cuttings`` is empty.
    """

    name: str
    rows: list[Row]
    pages: list[Shown] = field(default_factory=list)
    cuttings: dict[int, Shown] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid4().hex, compare=False)


def read_upload(upload: UploadedPicture, service: Service) -> Uploaded:
    """Read a picture. If this fails, the result has one row, which gives the reason."""
    if upload.problem:
        return _unreadable(upload.name, upload.problem)
    try:
        reading = service.read(upload.data)
    except UnreadablePicture as unreadable:
        return _unreadable(upload.name, str(unreadable))
    except Exception:  # a bug must not stop the other pictures
        logger.exception("%s could not be read", escape_name(upload.name))
        return _unreadable(upload.name, FAILED)
    rows = reading.rows(upload.name)
    images = [reading.annotated(number) for number in range(len(reading.pages))]
    return Uploaded(
        escape_cell(upload.name),
        rows,
        [shown(image) for image in images if image],
        _cut_out(reading),
    )


def _unreadable(name: str, reason: str) -> Uploaded:
    name = escape_cell(name)
    values = (name, 0, "", 0.0, "false", reason)
    return Uploaded(name, [dict(zip(READING_COLUMNS, values, strict=True))])


def shown(image: Image.Image) -> Shown:
    """Return an image as a JPEG file in a data URL.

    An image whose longer side has more than MAX_SHOWN pixels is reduced until this side
    has MAX_SHOWN pixels. The proportions are kept. The reduction changes ``image``
    itself, not a copy.
    """
    image.thumbnail((MAX_SHOWN, MAX_SHOWN))
    return Shown(picture_url(image, "JPEG"), image.width, image.height)


def _cut_out(reading: PictureReading) -> dict[int, Shown]:
    """Return an image of each number that a person should check.

    Keys are the indices of the numbers' rows in the table of readings. If no page has
    numbers, there is one image, which shows the whole first page. A page that could not
    be decoded has no image.
    """
    if not reading.lines:
        pages = [page.drawn for page in reading.pages]
        # If a page could not be decoded, the only row is about that page.
        if pages[0] is None or None in pages:
            return {}
        return {0: shown(pages[0].image.copy())}
    cuttings = {}
    row = 0
    for page in reading.pages:
        for line in page.lines:
            if line.reason and page.drawn:
                box = enclosing(digit.mark.box for digit in line.digits)
                box = Box(*(side * page.scale for side in box))
                cuttings[row] = shown(cut_out(page.drawn, box))
            row += 1
        row += page.drawn is None
    return cuttings
