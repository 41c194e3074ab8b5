"""From ink to digits: which strokes belong together, which line they stand in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .components import Piece, groups, is_across, is_rest
from .ink import EIGHT, Ink, find_ink, stroke_width
from .line_removal import without_edges, without_rulings
from .mnist_format import is_mnist_format, to_mnist_format

MOST_TRACES = 30_000
"""More pieces than this, rulings and specks among them, are a texture."""

MOST_PIECES = 3000
"""So are more than this of strokes."""

FAINT = 0.05
"""What stands out less of what is around it is a shade of the paper."""

UNEVEN = 0.5
"""The span of 80 % of a mark's pixels, as a share of its usual darkness, from which on
it is no pen's: of pencils in poor light it was at most 0.45, of things in photographs
mostly above 0.55."""

WIDE_ENOUGH = 4.0
"""Pixels of a stroke's width from which on that can be told."""

SMALL = 0.35
"""What is lower and narrower than this share of the usual digit is a speck."""


@dataclass(frozen=True)
class Mark:
    """What may be a digit: its box in the page's pixels, and its ink.

    ``ink`` is float32 (height, width) in 0..1, 0 where the page or another mark is;
    ``placed`` says that it stands as it should in a field of 28x28 already, ``uneven``
    that its darkness varies more than a pen's does.
    """

    x: int
    y: int
    width: int
    height: int
    ink: np.ndarray
    placed: bool = False
    uneven: bool = False

    @property
    def field(self) -> np.ndarray:
        """Float32 (28, 28) in 0..1, as MNIST's; of a placed mark where it stands."""
        if not self.placed:
            return to_mnist_format(self.ink)
        field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
        field[self.y : self.y + self.height, self.x : self.x + self.width] = self.ink
        return field


class TooManyMarks(ValueError):  # noqa: N818 (it is not an error of the program)
    """There are so many pieces of ink that the page cannot be one of digits."""


def find_digits(grey: np.ndarray) -> list[list[Mark]]:
    """The marks on a page, float32 (h, w) in 0..1, in lines from above, left to right.

    A page that is a field as MNIST's is one mark, as it is. Raises TooManyMarks for a
    page of texture.
    """
    if is_mnist_format(grey):
        return [[_placed(grey)]]
    ink = find_ink(grey)
    _refuse_texture(ink.traces, MOST_TRACES)
    traces = without_rulings(without_edges(ink.traces), ink.smooth, ink.stroke)
    mask = ink.strokes(traces)
    stroke = stroke_width(mask)
    labels = _refuse_texture(mask, MOST_PIECES)
    if not mask.any():
        return []
    found = groups(mask, labels, stroke)
    rulings = [group for group in found if is_across(group, mask)]
    if len(rulings) == 1 and rulings[0].height > rulings[0].width:
        rulings = []  # a 1 may be as high as the page
    marks = [
        _mark(ink, labels, group)
        for group in found
        if group not in rulings
        and not is_rest(group, mask, stroke)
        and _contrast(ink, labels, group, stroke) >= FAINT
    ]
    return _lines(_without_specks(marks))


def _refuse_texture(mask: np.ndarray, most: int) -> np.ndarray:
    """The labels of the mask's pieces; TooManyMarks where there are more than that."""
    labels, count = ndimage.label(mask, EIGHT)
    if count > most:
        raise TooManyMarks(f"{count:,} pieces of ink")
    return labels


def _placed(field: np.ndarray) -> Mark:
    rows, columns = np.nonzero(field)
    top, left = int(rows.min()), int(columns.min())
    ink = field[top : rows.max() + 1, left : columns.max() + 1]
    return Mark(left, top, ink.shape[1], ink.shape[0], ink, placed=True)


def _contrast(ink: Ink, labels: np.ndarray, piece: Piece, stroke: float) -> float:
    """How much darker a piece is at its edge than right outside, relative to paper."""
    near = max(2, round(stroke / 4))
    top, left = max(0, piece.top - near), max(0, piece.left - near)
    box = np.s_[top : piece.bottom + near, left : piece.right + near]
    own = np.isin(labels[box], piece.numbers)
    outside = ndimage.maximum_filter(own, 2 * near + 1) & (labels[box] == 0)
    inside = own & ndimage.maximum_filter(outside, 2 * near + 1)
    if not inside.any():
        return 0.0
    smooth = ink.smooth[box]
    return float(np.median(smooth[inside]) - np.median(smooth[outside]))


def _mark(ink: Ink, labels: np.ndarray, piece: Piece) -> Mark:
    box = np.s_[piece.top : piece.bottom, piece.left : piece.right]
    own = np.isin(labels[box], piece.numbers)
    density = ink.density[box]
    level = max(float(np.percentile(density[own], 75)), 1e-6)
    soft = ndimage.maximum_filter(own.view(np.uint8), 3).astype(bool)
    soft &= own | (labels[box] == 0)
    return Mark(
        piece.left,
        piece.top,
        piece.width,
        piece.height,
        np.where(soft, np.clip(density / level, 0, 1), 0).astype(np.float32),
        uneven=_is_uneven(ink.smooth[box], own),
    )


def _is_uneven(smooth: np.ndarray, own: np.ndarray) -> bool:
    core = ndimage.binary_erosion(own)
    if not core.any() or stroke_width(own) < WIDE_ENOUGH:
        return False  # all of a thin stroke is its edge
    low, middle, high = np.percentile(smooth[core], [10, 50, 90])
    return bool(high - low > UNEVEN * middle)


def _without_specks(marks: list[Mark]) -> list[Mark]:
    """Those of a digit's size, by the mark that has the median share of all ink."""
    if not marks:
        return []
    longest = np.array([max(m.width, m.height) for m in marks])
    inked = np.array([m.ink.sum() for m in marks])
    order = np.argsort(longest)
    summed = np.cumsum(inked[order])
    usual = longest[order][np.searchsorted(summed, summed[-1] / 2)]
    return [m for m, long in zip(marks, longest, strict=True) if long >= SMALL * usual]


def _lines(marks: list[Mark]) -> list[list[Mark]]:
    """Marks stand in a line with one of its last three with which they share height."""
    lines: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda m: m.x + m.width / 2):
        best = max(lines, key=lambda line: _fits(line, mark), default=None)
        if best and _fits(best, mark) >= 0.4:
            best.append(mark)
        else:
            lines.append([mark])
    return sorted(lines, key=lambda line: np.mean([m.y + m.height / 2 for m in line]))


def _fits(line: list[Mark], mark: Mark) -> float:
    return max(_level(other, mark) for other in line[-3:])


def _level(one: Mark, other: Mark) -> float:
    """The shared height, as a share of the lower one's."""
    shared = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return shared / min(one.height, other.height)
