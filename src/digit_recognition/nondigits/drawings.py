"""Operations on stacks of drawings (n, height, width): bright strokes on black."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE
from digit_recognition.imaging.mnist_format import CENTRE, LONGEST

PIXELS = np.arange(IMAGE_SIZE)

POINTS_PER_STROKE = 60
SHEET_SIZE = 56  # pixels
MARGIN = 8  # pixels

INK_THRESHOLD = 0.2
"""A pixel counts as ink if it is above this share of the drawing's maximum. This
threshold is used only to find the bounding box of the ink."""


def batch_to_mnist_format(drawings: np.ndarray) -> np.ndarray:
    """Convert drawings to MNIST's format, float32 (n, 28, 28) in 0..1.

    ``drawings`` is (n, height, width). Each drawing is scaled so that the longest side
    of its bounding box is 20 pixels. Large drawings are shrunk by averaging over areas.
    The maximum of each drawing becomes 1. Each drawing is shifted by whole pixels to
    bring its centre of mass to (14, 14). Black drawings stay black.

    Unlike ``imaging.mnist_format.to_mnist_format``, this function converts all drawings
    at once and does not widen strokes. It takes 0.04 s instead of 0.51 s for 1,000
    drawings of 56x56 pixels.
    """
    ink = scale_to_maximum(drawings)
    starts, sizes, means = [], [], []
    for axis in (1, 2):
        has_ink = np.asarray((ink > INK_THRESHOLD).any(axis=3 - axis))
        start = has_ink.argmax(axis=1)
        starts.append(start)
        sizes.append(has_ink.shape[1] - has_ink[:, ::-1].argmax(axis=1) - start)
        profile = ink.sum(axis=3 - axis)
        centres = np.arange(profile.shape[1]) + 0.5
        means.append(profile @ centres / np.maximum(profile.sum(axis=1), 1e-6))
    step = np.maximum(*sizes) / LONGEST
    rows, columns = (
        _averaging_matrices(
            ink.shape[axis],
            start - step * np.round(CENTRE + 0.5 - (mean - start) / step),
            step,
        )
        for axis, start, mean in zip((1, 2), starts, means, strict=True)
    )
    return scale_to_maximum(rows @ ink.astype(np.float32) @ columns.swapaxes(1, 2))


def scale_to_maximum(drawings: np.ndarray) -> np.ndarray:
    """Divide each drawing by its maximum; black drawings stay black."""
    maxima = drawings.max(axis=(1, 2), keepdims=True)
    return drawings / np.maximum(maxima, np.finfo(np.float32).tiny)


def warp(
    drawings: np.ndarray, matrices: np.ndarray, offsets: np.ndarray | float = 0.0
) -> np.ndarray:
    """Transform drawings (n, height, width) with bilinear interpolation.

    Coordinates are (row, column) relative to the centre. The output at p is the input
    at ``matrices @ p + offsets``, or black if that point is outside the drawing.
    ``matrices`` is (n, 2, 2). ``offsets``, in pixels, broadcasts to
    (2, n, height, width). The result is float32 of the drawings' shape.
    """
    count, *shape = drawings.shape
    centre = (np.array(shape) - 1) / 2
    grid = np.indices(shape).reshape(2, -1) - centre[:, None]
    source = (matrices @ grid).reshape(count, 2, *shape).swapaxes(0, 1)
    source = source + offsets + centre[:, None, None, None]
    numbers = np.broadcast_to(np.arange(count)[:, None, None], drawings.shape)
    return ndimage.map_coordinates(
        drawings, [numbers, *source], order=1, output=np.float32, mode="grid-constant"
    )


def rotation_matrices(angles: np.ndarray) -> np.ndarray:
    """Return matrices (n, 2, 2) that make ``warp`` rotate drawings anticlockwise.

    ``angles`` is (n,), in radians.
    """
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.array([[cosine, sine], [-sine, cosine]]).transpose(2, 0, 1)


def shift_randomly(
    drawings: np.ndarray, max_shift: int, rng: np.random.Generator
) -> np.ndarray:
    """Shift drawings (n, 28, 28) by up to ``max_shift`` pixels along both axes."""
    shifts = rng.integers(-max_shift, max_shift + 1, (2, len(drawings), 1))
    rows, columns = PIXELS + max_shift - shifts
    padded = np.pad(drawings, ((0, 0), *2 * [(max_shift, max_shift)]))
    each = np.arange(len(drawings))[:, None, None]
    return padded[each, rows[:, :, None], columns[:, None]]


def sample_images(
    images: np.ndarray,
    count: int,
    rng: np.random.Generator,
    labels: np.ndarray | None = None,
    digits: tuple[int, ...] = (),
) -> np.ndarray:
    """Return ``count`` random images, sampled with replacement.

    If ``labels`` is None, all images may be sampled. Otherwise, ``labels`` (n,) holds
    the labels of the images, and only images whose label is in ``digits`` are sampled.
    """
    if labels is None:
        return images[rng.integers(len(images), size=count)]
    return images[rng.choice(np.flatnonzero(np.isin(labels, digits)), count)]


def draw_strokes(
    strokes: list[np.ndarray], visible: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw strokes; return n drawings, each made with a pen of random width.

    A stroke is a series of points (row, column). The first array in ``strokes`` holds
    the first stroke of each of the n drawings, the second array the second stroke, and
    so on. Each array is (n, POINTS_PER_STROKE, 2). ``visible``, bool (n, number of
    strokes), says which strokes of each drawing are visible. The first stroke must be
    visible in every drawing. The result is float32 (n, SHEET_SIZE, SHEET_SIZE) in 0..1.
    The visible strokes of a drawing are scaled together. The longest side of the
    bounding box of their points becomes SHEET_SIZE - 2 x MARGIN pixels.
    """
    points = np.stack(strokes, axis=1)
    points = np.where(visible[..., None, None], points, points[:, :1])
    low, high = points.min(axis=(1, 2)), points.max(axis=(1, 2))
    scale = (SHEET_SIZE - 1 - 2 * MARGIN) / (high - low).max(axis=1)
    points = (points - low[:, None, None]) * scale[:, None, None, None] + MARGIN
    rows, columns = np.moveaxis(points.round().astype(int), 3, 0)
    sheets = np.ones((len(points), SHEET_SIZE, SHEET_SIZE), bool)
    sheets[np.arange(len(points))[:, None, None], rows, columns] = False
    # The sheets are put below one another, so that one call transforms all of them. The
    # margins keep strokes of different sheets apart.
    distance = ndimage.distance_transform_edt(sheets.reshape(-1, SHEET_SIZE))
    radius = rng.uniform(1, 5, (len(points), 1, 1)) + 0.5
    softness = rng.uniform(1, 2.5, (len(points), 1, 1))
    ink = (radius - distance.reshape(sheets.shape)) / softness
    return np.clip(ink, 0, 1).astype(np.float32)


def random_mask(probability: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return an array (count, 1, 1) of random bool values.

    ``probability`` is the probability that a value is True.
    """
    return rng.random((count, 1, 1)) < probability


def interval_mask(start: np.ndarray, length: np.ndarray | int) -> np.ndarray:
    """Return a bool array (n, 28) that is True in one interval of each row.

    The interval begins at index ``start`` and has ``length`` pixels. ``start`` is int
    (n, 1). ``length`` is an integer or an int array (n, 1).
    """
    return (start <= PIXELS) & (start + length > PIXELS)


def _averaging_matrices(side: int, start: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return matrices (n, 28, side) that resample ``side`` pixels to 28.

    ``start`` and ``step`` are (n,), in input pixels. Output pixel i covers the input
    from ``start + i * step`` to ``start + (i + 1) * step``. Its value is the mean over
    that interval. An interval shorter than one input pixel is first widened to the
    length of one pixel.
    """
    middle = start[:, None] + step[:, None] * (PIXELS + 0.5)
    half = np.maximum(step, 1)[:, None] / 2
    pixels = np.arange(side)
    low = np.maximum((middle - half)[..., None], pixels)
    high = np.minimum((middle + half)[..., None], pixels + 1)
    return (np.maximum(high - low, 0) / (2 * half[..., None])).astype(np.float32)
