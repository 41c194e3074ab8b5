"""Simulated phone photos of pages with handwritten numbers, made from MNIST.

Each kind of page has one flaw of ink, paper, light or camera, at three severities: 1
(low), 2 (medium) and 3 (high). The kind "all together" has several flaws. All pages
also have slightly uneven light, a little noise and JPEG compression.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from digit_recognition.imaging.ink import resized

MAX_PIXELS = 6_000_000
MIN_DIGITS, MAX_DIGITS = 5, 200
MIN_HEIGHT, MAX_HEIGHT = 12, 200  # of a digit, in pixels


class PhotographedPage(NamedTuple):
    """A photographed page and the numbers on it.

    ``grey`` is float32 (height, width) in 0..1, with 1 for white. ``numbers`` has the
    number of each line as text, from top to bottom.
    """

    grey: np.ndarray
    numbers: list[str]


class _Layout(NamedTuple):
    """The ink of a page and the places of its digits.

    - ``ink``: float (height, width) in 0..1, with 1 for ink.
    - ``height``: the typical height of a digit, in pixels.
    - ``baselines``: for each line of digits, the row of pixels at its bottom.
    - ``boxes``: (top, left, bottom, right) in pixels of the box round each digit. It is
      empty if the page has no boxes.
    """

    ink: np.ndarray
    height: float
    baselines: list[int]
    boxes: list[tuple[int, int, int, int]]


def draw_page(
    kind: str,
    severity: int,
    images: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
) -> PhotographedPage:
    """Draw a page with digits chosen at random from MNIST.

    ``kind`` is one of KINDS, and ``severity`` is 1, 2 or 3. ``images`` is uint8
    (n, 28, 28), white ink on black, and ``labels`` is (n,).
    """
    strength = rng.uniform(0.5, 0.9)
    if kind == "faint ink":
        strength = (0.4, 0.25, 0.15)[severity - 1]
    layout, numbers = _write_numbers(images, labels, rng, boxed=kind == "boxes")
    page = rng.uniform(0.7, 0.95) * (1 - strength * layout.ink)
    if kind in PAPERS:
        page = PAPERS[kind](page, layout, severity, rng)
    for camera in CAMERAS.get(kind, ()):
        page = camera(page, layout, severity, rng)
    page = page * _slope(page.shape, rng.uniform(0, 0.1), rng)
    page = page + rng.normal(0, 0.008, page.shape)
    quality = (60, 30, 12)[severity - 1] if kind == "JPEG" else 90
    return PhotographedPage(_compress(page, quality), numbers)


def _write_numbers(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator, boxed: bool
) -> tuple[_Layout, list[str]]:
    height = np.exp(rng.uniform(np.log(MIN_HEIGHT), np.log(MAX_HEIGHT)))
    total = np.exp(rng.uniform(np.log(MIN_DIGITS), np.log(MAX_DIGITS)))
    total = max(MIN_DIGITS, min(round(total), int(MAX_PIXELS / (5 * height**2))))
    lengths: list[int] = []
    while sum(lengths) < total:
        lengths.append(min(int(rng.integers(2, 9)), total - sum(lengths)))
    columns = max(lengths)
    pitch = rng.uniform(1.5, 2.2) * height
    gap = rng.uniform(0.12, 0.6) * height
    cell = 1.5 * height
    thinness = rng.uniform(0, 0.3)  # how much thinner the strokes are drawn, 0..1
    margins = rng.uniform(0.7, 3, 4) * height
    width = int(columns * max(cell, height + gap) + margins[0] + margins[1])
    ink = np.zeros((int(len(lengths) * pitch + margins[2] + margins[3]), width))
    tilt = rng.normal(0, 0.012)
    numbers, baselines, boxes = [], [], []
    for line, length in enumerate(lengths):
        rows = rng.integers(len(images), size=length)
        numbers.append("".join(map(str, labels[rows])))
        top = margins[2] + line * pitch
        left = margins[0] + (0 if boxed else rng.uniform(0, 0.5) * height)
        baselines.append(int(top + height))
        for image in images[rows]:
            digit = _scale(image, height * rng.uniform(0.85, 1.1), thinness)
            at = int(top + height - digit.shape[0] + rng.normal(0, 0.04) * height)
            if boxed:
                # Neighbouring boxes of a line share an edge.
                box = top - 0.2 * height, left, top + 1.2 * height, left + cell
                boxes.append(tuple(int(side) for side in box))
                free = cell - digit.shape[1]
                _stamp(ink, digit, at, int(left + free * rng.uniform(0.25, 0.75)))
                left += cell
            else:
                _stamp(ink, digit, at + int(tilt * left), int(left))
                left += digit.shape[1] + gap * rng.uniform(0.7, 1.3)
    return _Layout(ink, height, baselines, boxes), numbers


def _scale(image: np.ndarray, height: float, thinness: float) -> np.ndarray:
    """Return a digit's ink in 0..1, with its longer side resized to ``height`` pixels.

    ``image`` is (28, 28), white ink on black. A higher ``thinness`` (0..1) gives
    thinner strokes.
    """
    rows, columns = np.nonzero(image)
    ink = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] / 255
    factor = height / max(ink.shape)
    shape = tuple(max(2, round(side * factor)) for side in ink.shape)
    ink = np.clip(resized(ink, shape, Image.Resampling.BICUBIC), 0, 1)
    return np.clip((ink - thinness) / (1 - thinness) * (1 + thinness), 0, 1)


def _stamp(page: np.ndarray, ink: np.ndarray, top: int, left: int) -> None:
    top, left = max(0, top), max(0, left)
    box = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.maximum(box, ink[: box.shape[0], : box.shape[1]], out=box)


def _rulings(page, layout, severity, rng):
    """Draw ruled lines, just below the digits or through their lower part."""
    lines = np.zeros_like(page)
    offset = rng.uniform(-0.15, 0.3) * layout.height
    width = max(1, round(0.04 * layout.height))
    pitch = np.diff(layout.baselines).mean() if len(layout.baselines) > 1 else 60
    first = (layout.baselines[0] + offset) % pitch
    for row in np.arange(first, len(page), pitch).astype(int):
        lines[row : row + width] = 1
    return page * (1 - (0.2, 0.35, 0.5)[severity - 1] * lines)


def _squares(page, layout, severity, rng):
    """Print a grid; the side of a square is 0.4 to 0.8 of a digit's height."""
    lines = np.zeros_like(page)
    side = max(5, round(rng.uniform(0.4, 0.8) * layout.height))
    width = max(1, round(0.03 * layout.height))
    for start in range(width):
        lines[start::side] = lines[:, start::side] = 1
    return page * (1 - (0.12, 0.2, 0.3)[severity - 1] * lines)


def _boxes(page, layout, severity, rng):
    """Print a box round each digit."""
    lines = np.zeros_like(page)
    width = max(1, round((0.03, 0.05, 0.08)[severity - 1] * layout.height))
    for top, left, bottom, right in layout.boxes:
        lines[top : top + width, left : right + width] = 1
        lines[bottom : bottom + width, left : right + width] = 1
        lines[top:bottom, left : left + width] = 1
        lines[top:bottom, right : right + width] = 1
    return page * (1 - rng.uniform(0.3, 0.7) * lines)


def _book_edge(page, layout, severity, rng):
    """Darken one side like the spine of a book, and add a strip of dark table there."""
    side = (0.05, 0.08, 0.12)[severity - 1] * page.shape[1]
    table = int(rng.uniform(0.3, 1) * side)
    spine = np.clip((np.arange(page.shape[1]) + 1) / side, 0.1, 1)
    is_left = rng.random() < 0.5
    page = page * (spine if is_left else spine[::-1])
    widths = (table, 0) if is_left else (0, table)
    return np.pad(page, ((0, 0), widths), constant_values=rng.uniform(0.05, 0.3))


def _light_slope(page, layout, severity, rng):
    return page * _slope(page.shape, (0.3, 0.5, 0.7)[severity - 1], rng)


def _vignette(page, layout, severity, rng):
    """Darken the corners."""
    down, across = (np.linspace(-1, 1, side) for side in page.shape)
    distance = (down[:, None] ** 2 + across**2) / 2
    return page * (1 - (0.35, 0.55, 0.75)[severity - 1] * distance)


def _shadow(page, layout, severity, rng):
    """Darken a part of the page, like the soft shadow of a hand or a phone."""
    angle = rng.uniform(0, 2 * np.pi)
    down, across = (np.linspace(-1, 1, side) for side in page.shape)
    distance = np.cos(angle) * down[:, None] + np.sin(angle) * across
    distance += 0.15 * np.sin(3 * (down[:, None] - across) + rng.uniform(0, 6))
    edge = np.clip((distance - rng.uniform(-0.4, 0.4)) / rng.uniform(0.02, 0.2), -1, 1)
    return page * (1 - (0.25, 0.45, 0.6)[severity - 1] * (edge + 1) / 2)


def _noise(page, layout, severity, rng):
    return page + rng.normal(0, (0.02, 0.045, 0.08)[severity - 1], page.shape)


def _blur(page, layout, severity, rng):
    """Blur the page as if it were out of focus."""
    return ndimage.gaussian_filter(
        page, (0.02, 0.045, 0.07)[severity - 1] * layout.height
    )


def _perspective(page, layout, severity, rng):
    """Show the page on a table, seen at an angle and slightly rotated."""
    height, width = page.shape
    share, degrees = (0.015, 0.03, 0.05)[severity - 1], (2, 5, 9)[severity - 1]
    corners = np.array([(0, 0), (0, height), (width, height), (width, 0)], float)
    centre = corners.mean(axis=0)
    angle = np.radians(rng.uniform(-degrees, degrees))
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    corners = (corners - centre) @ turn
    corners += rng.uniform(-share, share, corners.shape) * (width, height)
    corners -= corners.min(axis=0)
    size = tuple(int(side) for side in corners.max(axis=0))
    # Pillow needs the transform that maps points of the photo to points of the page.
    matrix, values = [], []
    sources = [(0, 0), (0, height), (width, height), (width, 0)]
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        matrix += [
            (x, y, 1, 0, 0, 0, -u * x, -u * y),
            (0, 0, 0, x, y, 1, -v * x, -v * y),
        ]
        values += [u, v]
    coefficients = np.linalg.solve(matrix, values)
    table = rng.uniform(0.1, 0.5)
    photo = Image.fromarray(page.astype(np.float32)).transform(
        size,
        Image.Transform.PERSPECTIVE,
        tuple(coefficients),
        Image.Resampling.BICUBIC,
        fillcolor=table,
    )
    return np.asarray(photo)


def _slope(shape, fall: float, rng) -> np.ndarray:
    """Return light (height, width) that falls evenly from 1 to 1 - ``fall``.

    The direction is random.
    """
    angle = rng.uniform(0, 2 * np.pi)
    down, across = (np.linspace(-0.5, 0.5, side) for side in shape)
    slope = np.cos(angle) * down[:, None] + np.sin(angle) * across
    return 1 - fall * (slope - slope.min()) / np.ptp(slope)


def _compress(page: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    pixels = (255 * np.clip(page, 0, 1)).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "jpeg", quality=quality)
    return np.asarray(Image.open(buffer), np.float32) / 255


PAPERS: dict[str, Callable] = {
    "ruled paper": _rulings,
    "squared paper": _squares,
    "boxes": _boxes,
    "book edge": _book_edge,
    "all together": _rulings,
}
CAMERAS: dict[str, tuple[Callable, ...]] = {
    "slope of light": (_light_slope,),
    "vignette": (_vignette,),
    "shadow": (_shadow,),
    "noise": (_noise,),
    "blur": (_blur,),
    "perspective": (_perspective,),
    "all together": (_perspective, _shadow, _vignette, _blur, _noise),
}
KINDS = (
    *("slope of light", "vignette", "shadow", "noise", "blur", "JPEG", "faint ink"),
    *("ruled paper", "squared paper", "boxes", "book edge", "perspective"),
    "all together",
)
