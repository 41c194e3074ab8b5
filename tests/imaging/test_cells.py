import numpy as np

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.cells import Cell, find_cells, ink_in_rows_of_cells

STROKE = 4.0


def page_of_boxes(*written, cells=3):
    """Boxes of 40 x 40 pixels in a row, with ink in (top, bottom, left, right)."""
    mask = np.zeros((100, 200), bool)
    for left in range(20, 20 + 40 * cells, 40):
        mask[30:72, left : left + 42] = True
        mask[32:70, left + 2 : left + 40] = False
    for top, bottom, left, right in written:
        mask[top:bottom, left:right] = True
    return mask


def ink(*written):
    return page_of_boxes(*written, cells=0)


def test_the_lines_of_boxes_are_removed_and_what_is_written_stays():
    written = (40, 62, 38, 42), (40, 62, 78, 82)
    left, cells = find_cells(page_of_boxes(*written), STROKE)
    np.testing.assert_array_equal(left, ink(*written))
    assert cells.at(50, 40).box == Box(32, 22, 70, 60)
    assert cells.at(50, 80).grid == Box(32, 22, 70, 140)
    assert cells.at(10, 10) is None


def test_boxes_may_be_nearly_as_high_as_the_page():
    written = (40, 62, 38, 42)
    page = page_of_boxes(written)[30:70]  # the lower line is cut off
    left, cells = find_cells(page, STROKE)
    np.testing.assert_array_equal(left, ink(written)[30:70])
    assert cells.at(20, 40).box == Box(2, 22, 40, 60)


def test_a_0_is_written_in_the_cell_around_its_hole():
    page = page_of_boxes((40, 64, 32, 52))
    page[44:60, 36:48] = False
    _, cells = find_cells(page, 2.0)
    assert cells.at(51, 42).box == Box(32, 22, 70, 60)


def test_pieces_of_a_broken_line_between_cells_are_removed():
    written = (40, 62, 38, 42)
    page = page_of_boxes(written)
    page[34:68:6, 60:62] = False
    page[35:68:6, 60:62] = False
    left, _ = find_cells(page, STROKE)
    np.testing.assert_array_equal(left, ink(written))


def test_what_is_left_of_the_lines_outside_the_cells_is_known():
    page = page_of_boxes((40, 62, 38, 42))
    page[30:72, 160:162] = page[30:32, 140:162] = True  # a cell without a lower line
    left, cells = find_cells(page, STROKE)
    assert left[50, 160:162].all()
    assert cells.rest[50].nonzero()[0].tolist() == [160, 161]
    assert not cells.rest[:, :140].any()


def test_what_touches_a_line_keeps_its_ink_within_the_cell():
    left, _ = find_cells(page_of_boxes((32, 60, 38, 42), (50, 54, 60, 90)), STROKE)
    assert left[34:60, 38:42].all()
    assert left[50:54, 64:90].all()


def test_a_broken_line_still_closes_its_cell():
    mask = page_of_boxes((40, 62, 38, 42))
    mask[30:32, 50:52] = False
    left, _ = find_cells(mask, STROKE)
    np.testing.assert_array_equal(left, ink((40, 62, 38, 42)))


def test_the_holes_of_digits_are_no_cells():
    rows, columns = np.mgrid[:100, :200]
    mask = np.zeros((100, 200), bool)
    for row in (35, 65):  # an 8
        distance = np.hypot(rows - row, columns - 100)
        mask |= (distance > 11) & (distance < 16)
    square = page_of_boxes(cells=1)
    for page in (mask, square):
        left, cells = find_cells(page, STROKE)
        np.testing.assert_array_equal(left, page)
        assert not cells.labels.any()


def cells_at(*lefts):
    """Cells of 38 x 38 pixels in a row, as those of page_of_boxes."""
    boxes = [Box(32, left, 70, left + 38) for left in lefts]
    return [Cell(box, Box(32, 22, 70, 180)) for box in boxes]


def test_ink_that_divides_its_cell_is_found_between_the_cells_and_beside_them():
    bar = (40, 60, 60, 102)  # from side to side of the second box
    mask = page_of_boxes(bar, cells=4)
    for lefts in ((22, 102), (22,), (102, 142), (22, 142)):
        (box,) = ink_in_rows_of_cells(mask, cells_at(*lefts))
        np.testing.assert_allclose(box, (40, 70, 60, 92), atol=4)


def test_empty_cells_and_low_ink_are_no_missing_digits():
    dash = (50, 54, 60, 102)
    mask = page_of_boxes(dash, cells=4)
    assert ink_in_rows_of_cells(mask, cells_at(22, 142)) == []
    assert ink_in_rows_of_cells(mask, []) == []


def test_a_cell_that_is_two_cells_high_is_no_cell():
    mask = np.zeros((160, 220), bool)
    for top in (20, 60, 100):
        mask[top : top + 2, 20:182] = True
    mask[20:102, 20::40][:, :5] = mask[20:102, 21::40][:, :5] = True
    mask[60:62, 142:180] = False  # the line between two cells of the last column
    mask[30:50, 38:42] = mask[30:50, 158:162] = True
    left, cells = find_cells(mask, STROKE)
    assert cells.at(40, 40).box.height == 38
    assert cells.at(40, 160) is None
    assert left[30:50, 158:162].all()
    assert not left[22:100, 180].any()
