import numpy as np
import pytest

from digit_recognition.imaging.line_removal import without_edges, without_rulings

STROKE = 6.0


def mask_of(*boxes, shape=(120, 200)):
    """Return a mask with ink in boxes of (top, bottom, left, right)."""
    mask = np.zeros(shape, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def clear(mask, stroke=STROKE):
    return without_rulings(mask, mask.astype(np.float32), stroke)


HORIZONTAL = (60, 62, 0, 200)
VERTICAL = (0, 120, 150, 152)
ONE = (30, 90, 90, 96)


@pytest.mark.parametrize("ruling", [HORIZONTAL, VERTICAL])
def test_a_line_across_the_page_is_removed(ruling):
    digit = mask_of(ONE)
    np.testing.assert_array_equal(clear(digit | mask_of(ruling)), digit)


def test_a_single_line_is_a_ruling_if_horizontal_and_may_be_a_1_if_vertical():
    assert not clear(mask_of(HORIZONTAL)).any()
    np.testing.assert_array_equal(clear(mask_of(VERTICAL)), mask_of(VERTICAL))


def test_the_lines_of_squared_paper_are_removed_and_the_digit_is_kept():
    squares = mask_of(
        *((row, row + 1, 0, 200) for row in range(7, 120, 20)),
        *((0, 120, column, column + 1) for column in range(11, 200, 20)),
    )
    digit = mask_of(ONE, (30, 36, 70, 120))
    np.testing.assert_array_equal(clear(digit | squares), digit)


def test_a_stroke_that_crosses_a_ruling_stays_whole():
    cross = clear(mask_of(ONE, HORIZONTAL, VERTICAL, (40, 46, 120, 180)))
    assert cross[30:90, 90:96].all()
    assert cross[40:46, 120:180].all()


def test_a_tilted_ruling_is_removed():
    columns = np.arange(200)
    tilted = np.zeros((120, 200), bool)
    for thickness in (0, 1):
        tilted[40 + columns // 60 + thickness, columns] = True
    digit = mask_of(ONE)
    left = clear(digit | tilted)
    assert left[digit].all()
    assert (left & ~digit).sum() == 0


@pytest.mark.parametrize(
    "stroke",
    [
        (60, 62, 30, 170),  # does not reach the sides
        (60, 90, 0, 200),  # too thick
        (20, 80, 100, 103),  # does not reach the top and bottom
    ],
)
def test_lines_that_are_thick_or_do_not_cross_the_page_are_kept(stroke):
    mask = mask_of(stroke)
    np.testing.assert_array_equal(clear(mask), mask)


def test_the_bar_of_a_seven_as_wide_as_its_page_is_kept():
    seven = mask_of((0, 6, 0, 60), shape=(90, 60))
    for row in range(6, 80):
        seven[row, 54 - row // 2 : 60 - row // 2] = True
    np.testing.assert_array_equal(clear(seven), seven)
    np.testing.assert_array_equal(clear(seven.T), seven.T)


def test_a_dark_stroke_along_a_faint_ruling_is_kept():
    mask = mask_of(HORIZONTAL, (60, 62, 80, 110), (40, 60, 80, 86))
    density = np.where(mask, 0.2, 0).astype(np.float32)
    density[60:62, 80:110] = density[40:60, 80:86] = 0.8
    left = without_rulings(mask, density, STROKE)
    np.testing.assert_array_equal(left, density > 0.5)


def test_a_page_without_ink_has_no_rulings():
    nothing = mask_of()
    assert not clear(nothing).any()
    assert not without_edges(nothing).any()


def test_the_input_mask_is_not_modified():
    mask = mask_of(ONE, HORIZONTAL, (0, 5, 0, 200))
    before = mask.copy()
    clear(mask)
    without_edges(mask)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize(
    "edge", [(0, 9, 0, 200), (112, 120, 0, 200), (0, 120, 0, 4), (50, 120, 192, 200)]
)
def test_the_dark_border_of_a_scan_is_removed(edge):
    digit = mask_of(ONE)
    np.testing.assert_array_equal(without_edges(digit | mask_of(edge)), digit)


def test_a_dark_border_without_other_ink_is_removed():
    assert not without_edges(mask_of((0, 9, 0, 200))).any()


def test_a_frame_with_ink_inside_is_removed_and_an_empty_one_is_kept():
    frame = mask_of((8, 112, 20, 180)) & ~mask_of((11, 109, 23, 177))
    digit = mask_of(ONE)
    np.testing.assert_array_equal(without_edges(digit | frame), digit)
    np.testing.assert_array_equal(without_edges(frame), frame)


def test_all_boxes_of_a_form_are_removed():
    boxes = digits = mask_of()
    for left in (10, 70, 130):
        boxes = boxes | mask_of((20, 100, left, left + 50))
        boxes &= ~mask_of((22, 98, left + 2, left + 48))
        digits = digits | mask_of((35, 85, left + 20, left + 26))
    np.testing.assert_array_equal(without_edges(boxes | digits), digits)


def test_ink_that_only_touches_the_page_s_sides_is_kept():
    mask = mask_of(ONE, (0, 40, 20, 26), (80, 120, 160, 190))
    np.testing.assert_array_equal(without_edges(mask), mask)


def test_a_digit_that_fills_its_page_is_kept():
    zero = mask_of((0, 120, 0, 200)) & ~mask_of((20, 100, 20, 180))
    np.testing.assert_array_equal(without_edges(zero), zero)


def test_squared_paper_along_the_sides_of_the_page_is_no_border():
    squares = mask_of(
        *((row, row + 1, 0, 200) for row in range(0, 120, 17)),
        *((0, 120, column, column + 1) for column in range(0, 200, 20)),
    )
    specks = mask_of(*((y, y + 3, x, x + 9) for y in (5, 90) for x in (4, 104, 164)))
    page = squares | specks
    np.testing.assert_array_equal(without_edges(page), page)


def test_a_zero_around_a_dot_is_no_frame():
    rows, columns = np.mgrid[:120, :200]
    distance = np.hypot((rows - 60) / 50, (columns - 100) / 35)
    mask = (abs(distance - 0.9) < 0.1) | mask_of((58, 62, 98, 102))
    np.testing.assert_array_equal(without_edges(mask), mask)
