"""Limit the work that is spent on one page.

Work is counted in pieces of ink, not in seconds. So the same page gives the same result
on every machine. A piece of ink is an object on the page that may be a digit or a part
of a digit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from .boxes import Box

MAX_WORK = 4000
"""Maximum work for one page, counted in pieces of ink (objects that may be digits). A
piece is counted when it is cut out of the page. It is counted again each time that it,
or a part of it, is classified. So a page of 500 digits needs 1,000 if it is read once.
The pictures of handwritten digits in the project's tests need at most 462."""

MAX_OVERLAP = 6
"""Maximum total area of the bounding boxes of all pieces of ink, as a multiple of the
page's area. The boxes of digits hardly overlap; the boxes of nested rings do."""

MAX_PAIRS = 500_000
"""Maximum number of pairs of neighbouring pieces of ink on a page. Each piece is paired
with all pieces of its cluster, itself included. So a cluster of n pieces has n * n
pairs, and a single cluster may have at most 707 pieces."""

OPTIONAL_SHARE = 0.7
"""Several ways to find the digits on a page may be tried. After one way has found
digits, the total work of all ways is limited to this share of MAX_WORK. The rest is
left for later steps, such as merging the parts of broken digits."""

_work: ContextVar[int | None] = ContextVar("work", default=None)
_share: ContextVar[float] = ContextVar("share", default=1.0)


class TooManyMarks(ValueError):  # noqa: N818 (the input is at fault, not the program)
    """Raised if a page has more pieces of ink than a page of digits can have.

    The page may still be readable: if the ink is found in another way, there may be
    fewer pieces.
    """


class TooMuchWork(ValueError):  # noqa: N818 (the input is at fault, not the program)
    """Raised if the attempts to read a page need more work in total than MAX_WORK."""


@contextlib.contextmanager
def bounded_work() -> Iterator[None]:
    """Count the work that is done for one page inside the ``with`` block.

    Work is counted in pieces of ink (objects that may be digits). `add_work` raises
    TooMuchWork if the work in the block exceeds MAX_WORK.

    >>> with bounded_work():
    ...     add_work(500)  # pieces of ink
    """
    token = _work.set(0)
    try:
        yield
    finally:
        _work.reset(token)


@contextlib.contextmanager
def optional_work() -> Iterator[None]:
    """Lower the limit on work to OPTIONAL_SHARE * MAX_WORK in a ``with`` block.

    The work done before the block counts as well. Use this for further ways to read a
    page, after one way has found digits.
    """
    token = _share.set(OPTIONAL_SHARE)
    try:
        yield
    finally:
        _share.reset(token)


def add_work(pieces: int) -> None:
    """Add to the work for the page; raise TooMuchWork if the sum is above the limit.

    The limit is MAX_WORK. Inside of `optional_work`, the limit is lower. ``pieces`` is
    the number of pieces of ink to add. Outside of `bounded_work`, nothing is counted.
    """
    before = _work.get()
    if before is None:
        return
    if before + pieces > _share.get() * MAX_WORK:
        raise TooMuchWork(
            f"too crowded to read: expected at most {MAX_WORK:,} pieces of ink to look "
            "at, received more; cut the numbers out"
        )
    _work.set(before + pieces)


def check_overlap(
    boxes: Iterable[Box], pixels: int, max_overlap: float = MAX_OVERLAP
) -> None:
    """Raise TooManyMarks if the total area of the boxes is too large for the page.

    The boxes enclose the pieces of ink on the page. Their total area may be at most
    ``max_overlap`` times ``pixels``, the page's number of pixels.
    """
    overlap = sum(box.area for box in boxes) / pixels
    if overlap > max_overlap:
        raise TooManyMarks(f"pieces of ink that cover the page {overlap:.0f} times")


def check_pairs(sizes: Iterable[int]) -> None:
    """Raise TooManyMarks if all clusters together have more than MAX_PAIRS pairs.

    A cluster consists of pieces of ink that are near one another. ``sizes`` holds the
    number of pieces in each cluster. Each piece is paired with all pieces of its
    cluster, itself included. So a cluster of n pieces has n * n pairs.
    """
    sizes = list(sizes)
    if sum(size**2 for size in sizes) > MAX_PAIRS:
        raise TooManyMarks(f"{max(sizes):,} pieces of ink side by side")
