"""Pictures that were cut out tightly around a number."""

import numpy as np
import pytest
from imaging.pages import INK, PAPER, blank

from digit_recognition.imaging.ink import find_ink
from digit_recognition.imaging.segmentation import find_marks


def marks_of(page):
    """Return the columns of all marks, and whether each may be a part of a frame."""
    marks = sorted(next(find_marks(find_ink(page))), key=lambda mark: mark.x)
    return [((m.x, m.x + m.width), m.perhaps_frame) for m in marks]


def write_0(page, left, top=10, height=60):
    page[top : top + height, left : left + 40] = INK
    page[top + 8 : top + height - 8, left + 8 : left + 32] = PAPER


def write_1(page, left):
    """Write a slanted 1 that is as high as the page."""
    for row in range(len(page)):
        page[row, left + row // 13 :][:6] = INK


@pytest.mark.parametrize("margin", [0, 1, 20])
@pytest.mark.parametrize("count", [1, 2])
def test_a_1_as_high_as_the_picture_is_kept_and_may_be_a_frame(margin, count):
    page = blank(80, 140)
    write_0(page, 60)
    for left in (margin, 128 - margin)[:count]:
        write_1(page, left)
    marks = marks_of(page)
    assert [right - left > 20 for (left, right), _ in marks] == [0, 1, 0][: count + 1]
    assert [in_doubt for _, in_doubt in marks] == [True, False, True][: count + 1]


def test_a_0_along_the_side_is_kept_and_may_be_a_frame():
    page = blank(80, 140)
    write_0(page, 0)
    write_0(page, 60)
    assert marks_of(page) == [((0, 40), True), ((60, 100), False)]


@pytest.mark.parametrize(
    ("height", "starts", "width"),
    [
        (80, (0, 50, 132), 6),  # the lines between the boxes of a form
        (80, (0, 138), 2),  # the thin lines of a frame
        (110, (0, 134), 6),  # the digit is much lower than the picture
        (80, (0,), 6),  # the line of a frame
        (80, (0,), 20),  # the border of a scan
    ],
)
def test_other_lines_are_no_marks(height, starts, width):
    page = blank(height, 140)
    write_0(page, 60)
    for start in starts:
        page[:, start : start + width] = INK
    (((left, right), in_doubt),) = marks_of(page)
    np.testing.assert_allclose((left, right), (60, 100), atol=2)
    assert not in_doubt


def test_a_thick_printed_line_that_is_kept_may_be_a_frame():
    page = blank(134, 379)
    for left in (29, 111, 197, 286):
        write_0(page, left, 17, 98)
    page[4:, 2:14] = INK
    (line, in_doubt), *digits = marks_of(page)
    assert line == pytest.approx((2, 14), abs=1)
    assert in_doubt
    assert [is_frame for _, is_frame in digits] == [False] * 4
