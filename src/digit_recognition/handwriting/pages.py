"""Put digits on synthetic pages, and cut them out as the reader does with photographs.

This changes the images of the digits: faint parts of strokes are lost, thin strokes
become wider, blurred edges become sharper, and strokes have gaps where lines of ruled
paper were removed. Images of digits that are cut out of photographs have the same
changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.ink import find_ink, find_ink_locally, resized
from digit_recognition.imaging.segmentation import TooManyMarks, find_marks

MAX_HEIGHT = 80
"""Maximum of the typical digit height of a page, in pixels."""

PAGE_PIXELS = 250_000
"""Typical number of pixels of a page. A full page shows 16 to 100 digits."""

CELL = 1.6
"""Distance between the centres of neighbouring digits on a page.

It is a multiple of the page's typical digit height.
"""

MIN_OVERLAP = 0.6
"""A digit counts as found only if an object found on the page matches its bounding box:
the intersection over union of the two boxes must be at least this value."""

MIN_INK = 0.1
"""Pixels of a drawing above this value are ink. A drawing is cropped to its ink."""

LOCAL = 0.3
"""Probability that a page is read with ``find_ink_locally`` instead of ``find_ink``."""


class Pages(NamedTuple):
    """Settings that determine how hard synthetic pages are to read.

    For each page, a typical digit height is chosen at random, from ``min_height`` to
    ``MAX_HEIGHT`` pixels. The longest side of each digit is 0.85 to 1.1 times this
    height. ``max_blur`` is the standard deviation of the strongest Gaussian blur,
    divided by the typical digit height. Weak blurs are more common than strong ones.
    ``ruled`` is the probability that a page has the horizontal lines of ruled paper.
    """

    min_height: float
    max_blur: float
    ruled: float


HARD = Pages(min_height=10, max_blur=0.07, ruled=0.2)
"""Settings of the synthetic pages from which training images are made."""

COMMON = Pages(min_height=14, max_blur=0.03, ruled=0.1)
"""Settings of the synthetic pages on which validation images are put. The rule for
accepting digits is computed from the digits that are read from these pages."""


class _Page(NamedTuple):
    """A synthetic page, and the bounding box of each digit on it.

    ``grey`` is float32 (height, width) in 0..1, where 1 is white.
    """

    grey: np.ndarray
    boxes: list[Box]


def read_back(
    drawings: np.ndarray, rng: np.random.Generator, kind: Pages = HARD
) -> tuple[np.ndarray, np.ndarray]:
    """Put drawings on synthetic pages, and read them as if from photographs.

    ``drawings`` is (n, height, width) in 0..1, bright strokes on black. ``kind`` says
    how hard the pages are to read. Returns images and indices. The images show the
    drawings as they were read, in MNIST's format, float32 (k, 28, 28) in 0..1. The
    indices (k,) say which drawing each image shows. Blank drawings are left out, and so
    are drawings that are not found on their page.
    """
    fields, rows = [], []
    inked = np.flatnonzero(drawings.max(axis=(1, 2)) > MIN_INK)
    start = 0
    while start < len(inked):
        height = float(np.exp(rng.uniform(*np.log([kind.min_height, MAX_HEIGHT]))))
        count = int(np.clip(PAGE_PIXELS / (CELL * height) ** 2, 16, 100))
        page_rows = inked[start : start + count]
        page = _draw_page(drawings[page_rows], height, kind, rng)
        for row, field in _find(page, is_local=rng.random() < LOCAL):
            fields.append(field)
            rows.append(page_rows[row])
        start += count
    if not fields:
        return np.zeros((0, 28, 28), np.float32), np.zeros(0, int)
    return np.stack(fields), np.array(rows)


def _find(page: _Page, *, is_local: bool) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the index and the image of each digit that is found on a page.

    The index is the position of the digit in ``page.boxes``. The image is in MNIST's
    format, float32 (28, 28) in 0..1. The ink is found with ``find_ink_locally`` if
    ``is_local`` is true, otherwise with ``find_ink``.
    """
    ink = (find_ink_locally if is_local else find_ink)(page.grey)
    try:
        marks = next(find_marks(ink))
    except TooManyMarks:
        return
    if not marks:
        return
    one = np.array([mark.box for mark in marks])[:, None]
    other = np.array(page.boxes)[None]
    low, high = np.maximum(one, other)[..., :2], np.minimum(one, other)[..., 2:]
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=2) for box in (one, other)]
    overlap = shared / (areas[0] + areas[1] - shared)
    best = overlap.argmax(axis=0)
    for row in np.flatnonzero(overlap.max(axis=0) >= MIN_OVERLAP):
        yield int(row), marks[best[row]].field


def _draw_page(
    drawings: np.ndarray, height: float, kind: Pages, rng: np.random.Generator
) -> _Page:
    """Draw digits in rows on grey paper, with uneven light, blur and noise.

    ``height`` is the typical height of a digit in pixels. ``kind`` sets the blur and
    how often the paper is ruled.
    """
    columns = int(np.ceil(np.sqrt(len(drawings))))
    cell = int(np.ceil(CELL * height))
    shape = cell * (-(-len(drawings) // columns) + 1), cell * (columns + 1)
    ink = np.zeros(shape, np.float32)
    boxes = []
    for number, drawing in enumerate(drawings):
        digit = _scale(drawing, height * rng.uniform(0.85, 1.1))
        middle = cell * (np.array(divmod(number, columns)) + 1)
        spread = 0.08 * height
        corner = middle - np.array(digit.shape) / 2 + rng.uniform(-spread, spread, 2)
        top, left = (int(value) for value in corner.round())
        box = Box(top, left, top + digit.shape[0], left + digit.shape[1])
        np.maximum(
            ink[box.top : box.bottom, box.left : box.right],
            digit,
            out=ink[box.top : box.bottom, box.left : box.right],
        )
        boxes.append(box)
    ink = ndimage.gaussian_filter(ink, kind.max_blur * rng.random() ** 2 * height)
    paper = rng.uniform(0.6, 1) * _light(shape, rng)
    if rng.random() < kind.ruled:
        paper = paper * _rulings(shape, cell, height, rng)
    page = paper * (1 - rng.uniform(0.4, 0.95) * ink)
    page += rng.normal(0, rng.uniform(0, 0.025), shape)
    return _Page(np.clip(page, 0, 1).astype(np.float32), boxes)


def _scale(drawing: np.ndarray, longest: float) -> np.ndarray:
    """Crop a drawing to its ink and scale its longest side to ``longest`` pixels."""
    rows, columns = np.nonzero(drawing > MIN_INK)
    ink = drawing[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    factor = longest / max(ink.shape)
    shape = tuple(max(2, round(side * factor)) for side in ink.shape)
    filter_ = Image.Resampling.BOX if factor <= 1 else Image.Resampling.BICUBIC
    return np.clip(resized(ink.astype(np.float32), shape, filter_), 0, 1)


def _light(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return factors (height, width) that darken a page like uneven light.

    The light fades in a random direction. It fades by at most 40 % if this direction is
    parallel to a side of the page, and by at most 57 % along a diagonal.
    """
    angle = rng.uniform(0, 2 * np.pi)
    down, across = (np.linspace(-0.5, 0.5, side) for side in shape)
    slope = np.cos(angle) * down[:, None] + np.sin(angle) * across
    return 1 - rng.uniform(0, 0.4) * (slope - slope.min())


def _rulings(
    shape: tuple[int, int], cell: int, height: float, rng: np.random.Generator
) -> np.ndarray:
    """Return factors (height, width) that darken a page along horizontal lines.

    They imitate ruled paper. There is one line for each row of digits, in the same
    position in all rows. A row of digits is ``cell`` pixels high, and the digits are
    about ``height`` pixels high.
    """
    factors = np.ones(shape)
    first = cell + round(rng.uniform(0.1, 0.6) * height)
    for width in range(max(1, round(0.04 * height))):
        factors[first + width :: cell] = 1 - rng.uniform(0.2, 0.5)
    return factors
