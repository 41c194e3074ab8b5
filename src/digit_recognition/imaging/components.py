"""Pieces of ink: which are one digit, which are the rest of a ruling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

ACROSS = 0.85
"""A thin line at least this share of the page is a ruling, not a digit."""


@dataclass(eq=False)
class Piece:
    """Labels of a mask that belong together, their box, and their pixels in number."""

    numbers: list[int]
    top: int
    left: int
    bottom: int
    right: int
    area: int

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    def join(self, other: Piece) -> None:
        """Take another in."""
        self.numbers += other.numbers
        self.top, self.left = min(self.top, other.top), min(self.left, other.left)
        self.bottom = max(self.bottom, other.bottom)
        self.right = max(self.right, other.right)
        self.area += other.area


def groups(mask: np.ndarray, labels: np.ndarray, stroke: float) -> list[Piece]:
    """Pieces joined to what may be one digit each.

    Small pieces join a tall one that is near; tall ones that stand side by side stay
    apart; pieces of which none is tall are one broken digit.
    """
    areas = np.bincount(labels.ravel())
    pieces = [
        Piece([number], box[0].start, box[1].start, box[0].stop, box[1].stop, area)
        for number, (box, area) in enumerate(
            zip(ndimage.find_objects(labels), areas[1:], strict=True), start=1
        )
    ]
    pieces = [p for p in pieces if p.area >= max(2, 0.6 * stroke**2)]
    if not pieces:
        return []
    longest = max(pieces, key=lambda p: p.area)
    near = max(1, round(1.5 * stroke), round(0.02 * longest.height))
    grown = ndimage.maximum_filter(mask.view(np.uint8), 2 * near + 1)
    clusters, _ = ndimage.label(grown)
    belongs: dict[int, list[Piece]] = {}
    for piece in pieces:
        row = labels[piece.top, piece.left : piece.right]
        column = piece.left + int(np.argmax(row == piece.numbers[0]))
        belongs.setdefault(clusters[piece.top, column], []).append(piece)
    found = [group for close in belongs.values() for group in _join(close, stroke)]
    return _with_bars(found)


def _with_bars(pieces: list[Piece]) -> list[Piece]:
    """The pieces, flat ones joined to the tall one that they stand close above."""
    kept = []
    for piece in sorted(pieces, key=lambda p: -p.height):
        below = [
            tall
            for tall in kept
            if piece.height < 0.3 * tall.height
            and _overlap(tall, piece) >= 0.5
            and 0 <= tall.top - piece.bottom <= 0.2 * tall.height
        ]
        if below:
            below[0].join(piece)
        else:
            kept.append(piece)
    return kept


def _join(pieces: list[Piece], stroke: float) -> list[Piece]:
    """Pieces that are near one another, joined to digits."""
    above, below = _two_lines(pieces, stroke)
    if above:
        return _join(above, stroke) + _join(below, stroke)
    top = min(p.top for p in pieces)
    whole = max(p.bottom for p in pieces) - top
    pieces = sorted(pieces, key=lambda p: -p.area)
    tall = [p for p in pieces if p.height >= 0.55 * whole]
    if not tall:
        first, *others = pieces
        for other in others:
            first.join(other)
        return [first]
    joined: list[Piece] = []
    for piece in tall:
        over = max(joined, key=lambda p: _overlap(p, piece), default=None)
        if over and _overlap(over, piece) >= 0.6:
            over.join(piece)
        else:
            joined.append(piece)
    apart = []
    for piece in pieces:
        if piece in tall:
            continue
        nearest = min(joined, key=lambda p: _distance(p, piece))
        if _hang_together(nearest, piece, stroke):
            nearest.join(piece)
        else:
            apart.append(piece)
    return joined + apart


def _two_lines(pieces: list[Piece], stroke: float) -> tuple[list[Piece], list[Piece]]:
    """Pieces above and below a band without ink, both as high as digits; or none."""
    pieces = sorted(pieces, key=lambda p: p.top)
    first, last = pieces[0].top, max(p.bottom for p in pieces)
    least = 0.35 * (last - first)
    foot = first
    for count, piece in enumerate(pieces):
        wide = piece.top - foot > 1.5 * stroke
        if count and wide and foot - first >= least and last - piece.top >= least:
            return pieces[:count], pieces[count:]
        foot = max(foot, piece.bottom)
    return [], []


def _hang_together(tall: Piece, small: Piece, stroke: float) -> bool:
    """Whether a small piece may belong to the digit beside it, being no digit itself.

    It stands over or under it, or is so near that both together are still a digit wide.
    """
    if _overlap(tall, small) >= 0.5:
        return True
    gap = max(tall.left, small.left) - min(tall.right, small.right)
    width = max(tall.right, small.right) - min(tall.left, small.left)
    if small.height < 0.4 * tall.height:  # flat, as the bar of a 5
        height = max(tall.bottom, small.bottom) - min(tall.top, small.top)
        return width <= 1.3 * height
    return gap <= 1.2 * stroke and width <= 0.95 * tall.height


def is_across(piece: Piece, mask: np.ndarray) -> bool:
    """Whether it is a thin line that reaches almost from one side to the other."""
    longest = max(piece.width, piece.height)
    across = piece.width >= ACROSS * mask.shape[1] or (
        piece.height >= ACROSS * mask.shape[0]
    )
    return (
        across
        and piece.area < 0.06 * longest**2
        and (min(piece.width, piece.height) < 0.15 * longest)
    )


def is_rest(piece: Piece, mask: np.ndarray, stroke: float) -> bool:
    """Whether it is what is left at the page's side of a ruling that runs out there."""
    height, width = mask.shape
    sides = piece.top, piece.left, height - piece.bottom, width - piece.right
    thin = min(piece.width, piece.height) < 0.5 * stroke
    return (
        min(sides) <= 1
        and thin
        and piece.area < 0.5 * stroke * max(piece.width, piece.height)
    )


def _overlap(one: Piece, other: Piece) -> float:
    """The shared width, as a share of the narrower one's."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared / min(one.width, other.width)


def _distance(one: Piece, other: Piece) -> float:
    apart = max(one.left, other.left) - min(one.right, other.right)
    above = max(one.top, other.top) - min(one.bottom, other.bottom)
    return apart + 0.3 * max(0, above)
