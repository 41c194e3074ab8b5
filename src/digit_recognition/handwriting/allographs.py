"""Allographs: ways to write a digit that are rare in MNIST.

MNIST's writers are American. In Europe and elsewhere, a 1 may have an upstroke or a
foot (a horizontal line), a 7 may be crossed, a 4 may be open, and the tail of a 9 may
be curved. Each allograph has templates, which consist of a few strokes. A stroke is a
curve through given points. The points are shifted at random before the strokes are
drawn.
"""

from __future__ import annotations

import numpy as np

from digit_recognition.nondigits.drawings import (
    POINTS_PER_STROKE,
    SHEET_SIZE,
    draw_strokes,
)

from .templates import ALLOGRAPHS, Allograph

JITTER = 0.025
"""Standard deviation of the random shifts of a template's points, as a fraction of the
digit's height."""


def draw_allographs(
    count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw random allographs, which are ways to write a digit that are rare in MNIST.

    Returns drawings and labels. The drawings are float32 (count, 56, 56) in 0..1:
    bright strokes on black, drawn with a pen of random width. The labels (count,) are
    the digits that the drawings show.
    """
    weights = np.array([allograph.weight for allograph in ALLOGRAPHS])
    chosen = np.sort(rng.choice(len(ALLOGRAPHS), count, p=weights / weights.sum()))
    drawings = [np.zeros((0, SHEET_SIZE, SHEET_SIZE), np.float32)]
    for number, allograph in enumerate(ALLOGRAPHS):
        size = int((chosen == number).sum())
        if size:
            strokes = _vary(allograph, size, rng)
            visible = np.ones((size, len(strokes)), bool)
            drawings.append(draw_strokes(strokes, visible, rng))
    digits = np.array([allograph.digit for allograph in ALLOGRAPHS])[chosen]
    order = rng.permutation(count)
    return np.concatenate(drawings)[order], digits[order]


def _vary(
    allograph: Allograph, count: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the strokes of ``count`` random digits in the style of an allograph.

    An allograph has several templates, ``allograph.variants``. Each digit is a random
    weighted mean of these templates. Its points are then shifted at random, and it gets
    a random slant, width and rotation.

    The list has one array for each stroke of the allograph. Each array has the shape
    (count, POINTS_PER_STROKE, 2) and holds this stroke of all digits. The points are
    (row, column), as fractions of the digit's height.
    """
    mixture = rng.dirichlet(np.full(len(allograph.variants), 0.7), count)
    slant = rng.normal(0.15, 0.2, (count, 1))
    width = rng.uniform(0.7, 1.35, (count, 1))
    angle = rng.normal(0, 0.07, (count, 1))
    strokes = []
    for variants in zip(*allograph.variants, strict=True):
        points = np.tensordot(mixture, [_parse(text)[0] for text in variants], 1)
        points += rng.normal(0, JITTER, points.shape)
        x, y = np.moveaxis(_interpolation(*_parse(variants[0])) @ points, 2, 0)
        x = width * x - slant * y
        rows = y * np.cos(angle) + x * np.sin(angle)
        columns = x * np.cos(angle) - y * np.sin(angle)
        strokes.append(np.stack([rows, columns], axis=2))
    return strokes


def _parse(text: str) -> tuple[np.ndarray, list[int]]:
    """Return the points (k, 2) of a stroke, and the indices where its curves start.

    ``text`` has the points ``x,y`` in percent of the digit's height. A stroke consists
    of one or more curves. A ``/`` after a point says that a new curve starts there. The
    returned points are (x, y), as fractions of the digit's height.

    >>> _parse("0,0 60,0 / 50,100")
    (array([[0. , 0. ],
           [0.6, 0. ],
           [0.5, 1. ]]), [0, 1])
    """
    points: list[list[int]] = []
    starts = [0]
    for word in text.split():
        if word == "/":
            starts.append(len(points) - 1)
        else:
            points.append([int(value) for value in word.split(",")])
    return np.array(points) / 100, starts


def _interpolation(points: np.ndarray, starts: list[int]) -> np.ndarray:
    """Return a matrix (POINTS_PER_STROKE, k) that interpolates k points of a stroke.

    The matrix multiplied by the points gives POINTS_PER_STROKE points on the stroke.
    ``starts`` has the indices of the points where a new curve of the stroke starts. The
    curves are cubic splines. From one point to the next, the spline parameter grows by
    the square root of their distance. This avoids loops between points that are close
    together (Lee 1989, "Choosing nodes in parametric curve interpolation").
    """
    from scipy.interpolate import make_interp_spline

    sizes = np.diff([*starts, len(points) - 1]) + 1
    lengths = np.diff(np.linspace(0, POINTS_PER_STROKE, len(starts) + 1).astype(int))
    matrices = []
    for start, size, length in zip(starts, sizes, lengths, strict=True):
        steps = np.hypot(*np.diff(points[start : start + size], axis=0).T)
        knots = np.append(0, np.cumsum(np.sqrt(steps)))
        spline = make_interp_spline(knots, np.eye(size), k=min(3, size - 1))
        matrix = np.zeros((length, len(points)))
        matrix[:, start : start + size] = spline(np.linspace(0, knots[-1], length))
        matrices.append(matrix)
    return np.concatenate(matrices)
