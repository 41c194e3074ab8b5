"""Find pairs of marks that may be the parts of one broken digit.

A mark is an object on a page that may be a digit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digit_recognition.imaging.boxes import enclosing
from digit_recognition.recognition.lines import NO_DIGIT, SPLIT, TOO_WIDE, Digit

MAX_ASPECT = 1.1
"""Maximum width of a merged mark, as a multiple of its height."""

MAX_GAP = 0.2
"""Maximum horizontal and vertical gap between two parts, as a share of the merged
mark's height."""

MAX_HEIGHT = 1.5
"""Maximum height of a merged mark, in typical heights."""


def broken_pairs(digits: Sequence[Digit]) -> list[tuple[Digit, Digit]]:
    """Return the pairs of neighbouring marks that may be parts of one digit.

    The left mark of a pair comes first. All of these hold for a pair:

    - Neither mark was split from another mark.
    - Neither mark fills a page in MNIST's format.
    - The merged mark is within MAX_ASPECT, MAX_GAP and MAX_HEIGHT.

    The typical height, which is the unit of MAX_HEIGHT, is the median height of the
    marks that are likely digits. With fewer than two of these, the height has no limit.
    """
    sure = [d.mark.height for d in digits if d.doubt not in (NO_DIGIT, TOO_WIDE)]
    max_height = MAX_HEIGHT * float(np.median(sure)) if len(sure) > 1 else np.inf
    whole = [d for d in digits if not d.mark.placed and d.doubt != SPLIT]
    ordered = sorted(whole, key=lambda digit: digit.mark.x)
    pairs = []
    for place, left in enumerate(ordered):
        for right in ordered[place + 1 :]:
            if right.mark.x - left.mark.box.right > max_height:
                break
            if _may_be_one(left, right, max_height):
                pairs.append((left, right))
    return pairs


def _may_be_one(left: Digit, right: Digit, max_height: float) -> bool:
    one, other = left.mark.box, right.mark.box
    both = enclosing([one, other])
    across = both.width - one.width - other.width
    down = both.height - one.height - other.height
    return (
        both.height <= max_height
        and both.width <= MAX_ASPECT * both.height
        and max(across, down) <= MAX_GAP * both.height
    )
