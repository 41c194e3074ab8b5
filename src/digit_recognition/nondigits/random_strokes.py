"""Figures of a few straight or bent strokes at random, of no digit and no letter.

By chance some look like one or the other: none was drawn after one. Each kind is called
as the others are, with images and labels that it has no use for, and gives drawings,
float32 (count, 56, 56) in 0..1, all by pens of one width.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

PLACES = 60
"""So many points are on a stroke."""

SHEET, MARGIN = 56, 8

APART = 0.4
"""A stroke that ends nearer to its start, of a sheet's side, is mostly drawn anew."""


def branched(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Two to four strokes, each from somewhere on an earlier one to anywhere."""
    start = rng.random((count, 2))
    strokes = [_stroke(start, _far_from(start, rng), _bends(0.6, count, rng))]
    for _ in range(3):
        earlier = rng.integers(len(strokes), size=count)
        place = rng.choice([0, 15, 30, 45, 59], count, p=[0.3, 0.1, 0.2, 0.1, 0.3])
        start = np.stack(strokes, axis=1)[np.arange(count), earlier, place]
        strokes.append(_stroke(start, _far_from(start, rng), _bends(0.6, count, rng)))
    return _drawn(strokes, np.arange(4) < rng.integers(2, 5, (count, 1)), rng)


def framed(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Outlines of three to five corners, half of them with strokes from a corner."""
    each = np.arange(count)
    corners = rng.integers(3, 6, (count, 1))
    angles = np.arange(5) + rng.uniform(-0.25, 0.25, (count, 5))
    angles = angles * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi, (count, 1))
    away = rng.uniform(0.6, 1, (count, 5))
    points = np.stack([away * np.sin(angles), away * np.cos(angles)], axis=2)
    points *= rng.uniform(0.6, 1, (count, 1, 2))
    strokes = []
    for corner in range(5):
        after = points[each, (corner + 1) % corners[:, 0]]
        strokes.append(_stroke(points[:, corner], after, _bends(0.12, count, rng)))
    for _ in range(2):
        start = points[each, rng.integers(corners[:, 0])]
        end = start * rng.uniform(-1.2, 2, (count, 1))
        strokes.append(_stroke(start, end, _bends(0.6, count, rng)))
    one, two = rng.random((2, count, 1)) < 1 / 2
    sides = np.arange(5) < corners
    return _drawn(strokes, np.concatenate([sides, one, one & two], axis=1), rng)


def tailed(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Half a ring or more, two or three strokes from it outwards or across."""
    length = np.pi * rng.uniform(1, 2, (count, 1))
    angles = np.linspace(0, 1, PLACES) * length + rng.uniform(0, 2 * np.pi, (count, 1))
    ring = np.stack([np.sin(angles), np.cos(angles)], axis=2)
    ring *= rng.uniform(0.5, 1, (count, 1, 2))
    strokes = [ring]
    for _ in range(3):
        start = ring[np.arange(count), rng.choice([0, 20, 40, 59], count)]
        end = start + rng.uniform(-2, 2, (count, 2))
        strokes.append(_stroke(start, end, _bends(0.36, count, rng)))
    return _drawn(strokes, np.arange(4) < rng.integers(3, 5, (count, 1)), rng)


def _stroke(start: np.ndarray, end: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Points (n, PLACES, 2) of parabolas between points (n, 2).

    In its middle each is off the straight line by ``bend`` (n,) of its length.
    """
    share = np.linspace(0, 1, PLACES)[:, None]
    way = (end - start)[:, None]
    aside = np.stack([-way[..., 1], way[..., 0]], axis=2)
    bent = 4 * share * (1 - share) * bend[:, None, None]
    return start[:, None] + share * way + bent * aside


def _bends(most: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Half of them none."""
    return rng.uniform(-most, most, count) * (rng.random(count) < 1 / 2)


def _far_from(start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points of the unit square, few of them nearer than APART."""
    end = rng.random(start.shape)
    for _ in range(3):
        near = np.hypot(*(end - start).T) < APART
        end[near] = rng.random((near.sum(), 2))
    return end


def _drawn(
    strokes: list[np.ndarray], laid: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The figures of those strokes that are laid, bool (n, strokes)."""
    points = np.stack(strokes, axis=1)
    points = np.where(laid[..., None, None], points, points[:, :1])
    low, high = points.min(axis=(1, 2)), points.max(axis=(1, 2))
    scale = (SHEET - 1 - 2 * MARGIN) / (high - low).max(axis=1)
    points = (points - low[:, None, None]) * scale[:, None, None, None] + MARGIN
    rows, columns = np.moveaxis(points.round().astype(int), 3, 0)
    paper = np.ones((len(points), SHEET, SHEET), bool)
    paper[np.arange(len(points))[:, None, None], rows, columns] = False
    away = ndimage.distance_transform_edt(paper.reshape(-1, SHEET))  # all at once
    reach = rng.uniform(1, 5, (len(points), 1, 1)) + 0.5
    softness = rng.uniform(1, 2.5, (len(points), 1, 1))
    ink = (reach - away.reshape(paper.shape)) / softness
    return np.clip(ink, 0, 1).astype(np.float32)
