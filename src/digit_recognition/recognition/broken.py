"""Find pairs of marks that may be the two parts of one broken digit.

A mark is an object on a page that may be a digit. A digit is broken if its strokes do
not touch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digit_recognition.imaging.boxes import enclosing
from digit_recognition.recognition.lines import NO_DIGIT, SPLIT, TOO_WIDE, Digit

MAX_ASPECT = 1.1
"""Maximum width of a mark that is merged from two parts, as a multiple of its
height."""

MAX_GAP = 0.2
"""Maximum horizontal and vertical gap between two parts of a digit, as a share of the
height of both together."""

MAX_HEIGHT = 1.5
"""Maximum height of a mark that is merged from two parts, as a multiple of the typical
height of the page's digits."""


def broken_pairs(digits: Sequence[Digit]) -> list[tuple[Digit, Digit]]:
    """Return the pairs of neighbouring marks that may be the two parts of one digit.

    ``digits`` are the marks of a page, which are objects that may be digits. The left
    mark of a pair comes first. All of these hold for a pair:

    - Neither mark was cut from touching ink (doubt SPLIT).
    - The page is not in MNIST's format (28x28 pixels).
    - The gap between the marks is not larger than MAX_GAP allows.
    - The box around both marks is not wider than MAX_ASPECT allows, and not higher than
      MAX_HEIGHT allows.

    A likely digit is a mark whose doubt is neither NO_DIGIT nor TOO_WIDE. MAX_HEIGHT is
    a multiple of the median height of all likely digits. If there are fewer than two
    likely digits, the height of a pair has no limit.
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
