import numpy as np
import pytest

from digit_recognition.imaging.line_removal import without_edges, without_rulings

STROKE = 6.0


def mask_of(*boxes, shape=(120, 200)):
    """Ink in boxes of (top, bottom, left, right)."""
    mask = np.zeros(shape, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def clear(mask, stroke=STROKE):
    return without_rulings(mask, mask.astype(np.float32), stroke)


LEVEL = (60, 62, 0, 200)
UPRIGHT = (0, 120, 150, 152)
ONE = (30, 90, 90, 96)


@pytest.mark.parametrize("ruling", [LEVEL, UPRIGHT])
def test_a_line_across_the_page_is_no_ink(ruling):
    digit = mask_of(ONE)
    np.testing.assert_array_equal(clear(digit | mask_of(ruling)), digit)


def test_a_line_alone_is_a_ruling_if_level_and_perhaps_a_one_if_upright():
    assert not clear(mask_of(LEVEL)).any()
    np.testing.assert_array_equal(clear(mask_of(UPRIGHT)), mask_of(UPRIGHT))


def test_squared_paper_leaves_what_is_written_on_it():
    squares = mask_of(
        *((row, row + 1, 0, 200) for row in range(7, 120, 20)),
        *((0, 120, column, column + 1) for column in range(11, 200, 20)),
    )
    digit = mask_of(ONE, (30, 36, 70, 120))
    left = clear(digit | squares)
    assert left[digit].all()
    crossings = np.argwhere(left & ~digit)
    assert set(map(tuple, crossings % 20)) <= {(7, 11)}


def test_a_stroke_that_crosses_a_ruling_stays_whole():
    cross = clear(mask_of(ONE, LEVEL, UPRIGHT, (40, 46, 120, 180)))
    assert cross[30:90, 90:96].all()
    assert cross[40:46, 120:180].all()


def test_a_ruling_may_be_askew():
    columns = np.arange(200)
    askew = np.zeros((120, 200), bool)
    for thickness in (0, 1):
        askew[40 + columns // 60 + thickness, columns] = True
    digit = mask_of(ONE)
    left = clear(digit | askew)
    assert left[digit].all()
    assert (left & ~digit).sum() == 0


@pytest.mark.parametrize(
    "stroke",
    [
        (60, 62, 30, 170),  # ends before the page does
        (60, 90, 0, 200),  # too thick
        (20, 80, 100, 103),  # ends above and below
    ],
)
def test_what_is_no_thin_line_across_the_page_stays(stroke):
    mask = mask_of(stroke)
    np.testing.assert_array_equal(clear(mask), mask)


def test_the_bar_of_a_seven_that_is_as_wide_as_its_page_stays():
    seven = mask_of((0, 6, 0, 60), shape=(90, 60))
    for row in range(6, 80):
        seven[row, 54 - row // 2 : 60 - row // 2] = True
    np.testing.assert_array_equal(clear(seven), seven)
    np.testing.assert_array_equal(clear(seven.T), seven.T)


def test_a_dark_stroke_along_a_faint_ruling_stays():
    mask = mask_of(LEVEL, (60, 62, 80, 110), (40, 60, 80, 86))
    density = np.where(mask, 0.2, 0).astype(np.float32)
    density[60:62, 80:110] = density[40:60, 80:86] = 0.8
    left = without_rulings(mask, density, STROKE)
    np.testing.assert_array_equal(left, density > 0.5)


def test_a_page_without_ink_has_no_rulings():
    nothing = mask_of()
    assert not clear(nothing).any()
    assert not without_edges(nothing).any()


def test_the_mask_that_is_given_is_left_as_it_was():
    mask = mask_of(ONE, LEVEL, (0, 5, 0, 200))
    before = mask.copy()
    clear(mask)
    without_edges(mask)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize(
    "edge", [(0, 9, 0, 200), (112, 120, 0, 200), (0, 120, 0, 4), (50, 120, 192, 200)]
)
def test_the_dark_edge_of_a_scan_is_no_ink(edge):
    digit = mask_of(ONE)
    np.testing.assert_array_equal(without_edges(digit | mask_of(edge)), digit)


def test_a_dark_edge_alone_leaves_nothing():
    assert not without_edges(mask_of((0, 9, 0, 200))).any()


def test_a_frame_is_no_ink_where_something_is_in_it():
    frame = mask_of((8, 112, 20, 180)) & ~mask_of((11, 109, 23, 177))
    digit = mask_of(ONE)
    np.testing.assert_array_equal(without_edges(digit | frame), digit)
    np.testing.assert_array_equal(without_edges(frame), frame)


def test_each_box_of_a_form_is_a_frame():
    boxes = digits = mask_of()
    for left in (10, 70, 130):
        boxes = boxes | mask_of((20, 100, left, left + 50))
        boxes &= ~mask_of((22, 98, left + 2, left + 48))
        digits = digits | mask_of((35, 85, left + 20, left + 26))
    np.testing.assert_array_equal(without_edges(boxes | digits), digits)


def test_ink_that_only_touches_the_side_of_the_page_stays():
    mask = mask_of(ONE, (0, 40, 20, 26), (80, 120, 160, 190))
    np.testing.assert_array_equal(without_edges(mask), mask)


def test_a_digit_alone_may_fill_its_page():
    zero = mask_of((0, 120, 0, 200)) & ~mask_of((20, 100, 20, 180))
    np.testing.assert_array_equal(without_edges(zero), zero)


def test_a_zero_is_no_frame_of_a_dot_within():
    rows, columns = np.mgrid[:120, :200]
    distance = np.hypot((rows - 60) / 50, (columns - 100) / 35)
    mask = (abs(distance - 0.9) < 0.1) | mask_of((58, 62, 98, 102))
    np.testing.assert_array_equal(without_edges(mask), mask)
