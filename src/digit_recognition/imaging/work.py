"""A bound on the work for one page.

Work is counted in pieces of ink, not in seconds. So the same page gives the same result
on every machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from .boxes import Box

MAX_WORK = 5000
"""Maximum number of pieces of ink that are looked at for one page. A piece counts when
it is cut out of the page, and again each time that it, or a part of it, is classified.
A page of 500 digits needs 1,000 if it is read once. The pictures of people's digits in
the project's tests need at most 462.
"""

MAX_OVERLAP = 6
"""Maximum total area of the boxes of all pieces of ink, in areas of the page. The boxes
of digits hardly overlap; those of rings within rings do."""

MAX_PAIRS = 500_000
"""Maximum number of pairs of neighbouring pieces of ink that are compared on a page: a
single cluster may have 700 pieces."""

_work: ContextVar[int | None] = ContextVar("work", default=None)


class TooManyMarks(ValueError):  # noqa: N818 (the input is at fault, not the program)
    """Raised if a page has more pieces of ink than a page of digits can have.

    Another way to find the ink may find fewer pieces.
    """


class TooMuchWork(ValueError):  # noqa: N818 (the input is at fault, not the program)
    """Raised if all attempts to read a page together need more work than allowed."""


@contextlib.contextmanager
def bounded_work() -> Iterator[None]:
    """Count the work inside the block, which is the work for one page."""
    token = _work.set(0)
    try:
        yield
    finally:
        _work.reset(token)


def add_work(pieces: int) -> None:
    """Count pieces of ink; raise TooMuchWork if the page needs more than MAX_WORK.

    Outside of `bounded_work`, nothing is counted.
    """
    before = _work.get()
    if before is None:
        return
    _work.set(before + pieces)
    if before + pieces > MAX_WORK:
        raise TooMuchWork(
            f"too crowded to read: expected at most {MAX_WORK:,} pieces of ink to look "
            "at, received more; cut the numbers out"
        )


def check_overlap(
    boxes: Iterable[Box], pixels: int, max_overlap: float = MAX_OVERLAP
) -> None:
    """Raise TooManyMarks if the boxes' areas exceed ``max_overlap`` times ``pixels``.

    ``pixels`` is the page's number of pixels.
    """
    overlap = sum(box.area for box in boxes) / pixels
    if overlap > max_overlap:
        raise TooManyMarks(f"pieces of ink that cover the page {overlap:.0f} times")


def check_pairs(sizes: Iterable[int]) -> None:
    """Raise TooManyMarks for clusters whose pieces make more than MAX_PAIRS pairs.

    ``sizes`` holds the number of pieces in each cluster.
    """
    sizes = list(sizes)
    if sum(size**2 for size in sizes) > MAX_PAIRS:
        raise TooManyMarks(f"{max(sizes):,} pieces of ink side by side")
