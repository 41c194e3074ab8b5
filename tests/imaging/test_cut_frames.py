"""Lines of a frame that was cut off at the sides of a picture."""

import numpy as np
import pytest
from imaging.pages import INK, blank

from digit_recognition.imaging.cut_frames import cut_frames
from digit_recognition.imaging.ink import find_ink
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.imaging.segmentation import find_marks, find_unread

PEN = 10


def zero(top, height, left=40):
    """Return the mark of a square 0 whose strokes are PEN pixels wide."""
    ink = np.ones((height, 40), np.float32)
    ink[PEN:-PEN, PEN:-PEN] = 0
    return Mark(left, top, 40, height, ink)


def side_line(width, *, rows=np.s_[:], distance=0):
    """Return a mask of 100 x 100 pixels with a line near the left side."""
    mask = np.zeros((100, 100), bool)
    mask[rows, distance : distance + width] = True
    return mask


ROW = zero(7, 86)
LOW = zero(20, 50)
BROKEN = side_line(4, rows=np.s_[:20]) | side_line(4, rows=np.s_[50:])
WITH_CORNER = side_line(4) | side_line(10, rows=np.s_[:4])
WITH_STROKE = side_line(4) | side_line(9, rows=np.s_[40:44])


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("line", "marks", "is_frame"),
    [
        (side_line(4), [ROW], True),
        (side_line(5), [ROW], False),  # perhaps a 1 as thick as the digits
        (side_line(10), [LOW], True),  # too high for a 1 beside this digit
        (side_line(10), [zero(20, 51)], False),
        (side_line(11), [LOW], False),  # deeper than a tenth of the picture
        (side_line(4), [zero(1, 86)], False),  # ends with the digits
        (side_line(4), [zero(7, 87)], False),  # hardly longer than the digits
        (side_line(4), [LOW, zero(25, 50)], True),  # one row
        (side_line(4), [zero(5, 40), zero(50, 40)], False),  # two rows
        (side_line(4, distance=2), [ROW], False),  # not at the side
        (side_line(4, rows=np.s_[:94]), [ROW], False),  # not down to the bottom
        (BROKEN, [ROW], True),
        (BROKEN & ~side_line(4, rows=np.s_[50]), [ROW], False),  # too much is missing
        (WITH_CORNER, [LOW], True),  # the round corner of a frame
        (WITH_STROKE, [LOW], False),  # a digit touches the line
        (side_line(4), [], False),
    ],
)
def test_a_straight_line_beside_a_row_is_of_a_frame(line, marks, is_frame, flip):
    line = line[:, ::-1] if flip else line
    found = cut_frames(line, marks)
    np.testing.assert_array_equal(found, line & is_frame)


@pytest.mark.parametrize(("width", "unread"), [(2, 0), (6, 1)])
def test_ink_of_a_cut_frame_is_not_unread(width, unread):
    page = blank(100, 120)
    page[7:93, 50:90][zero(7, 86).ink > 0] = INK
    page[2:, :width] = INK
    ink = find_ink(page)
    marks = [mark for mark in next(find_marks(ink)) if mark.x > 10]
    assert len(marks) == 1
    assert len(find_unread(ink, marks).boxes) == unread
