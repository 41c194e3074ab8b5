import numpy as np
import pytest
from imaging.pages import INK, blank, write

from digit_recognition.imaging import work
from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.ink import find_ink
from digit_recognition.imaging.segmentation import find_digits, find_marks
from digit_recognition.imaging.work import (
    TooManyMarks,
    TooMuchWork,
    add_work,
    bounded_work,
    check_overlap,
    check_pairs,
)


def test_work_is_counted_for_each_page_anew(monkeypatch):
    monkeypatch.setattr(work, "MAX_WORK", 10)
    for _ in range(3):
        with bounded_work():
            add_work(4)
            add_work(6)
    with bounded_work(), pytest.raises(TooMuchWork, match="at most 10 pieces of ink"):
        add_work(11)


def test_outside_of_a_page_nothing_is_counted(monkeypatch):
    monkeypatch.setattr(work, "MAX_WORK", 10)
    add_work(11)


def test_boxes_side_by_side_pass_and_boxes_in_boxes_do_not():
    side_by_side = [Box(0, left, 10, left + 10) for left in range(0, 100, 10)]
    check_overlap(side_by_side, pixels=1000)
    nested = [Box(n, n, 100 - n, 100 - n) for n in range(40)]
    with pytest.raises(TooManyMarks, match="cover the page 17 times"):
        check_overlap(nested, pixels=10_000)


def test_rings_within_rings_are_refused_before_each_is_looked_at():
    page = blank(600, 600)
    for margin in range(4, 290, 4):
        page[margin, margin:-margin] = page[-margin, margin : 1 - margin] = INK
        page[margin:-margin, margin] = page[margin:-margin, -margin] = INK
    with pytest.raises(TooManyMarks, match="cover the page"):
        list(find_marks(find_ink(page)))


def test_many_small_clusters_pass_and_a_large_one_does_not():
    check_pairs([20] * 1000)
    with pytest.raises(TooManyMarks, match="1,000 pieces of ink side by side"):
        check_pairs([5, 1000])


def test_a_page_of_300_digits_is_not_too_crowded(digits):
    page = blank(700, 1200)
    for number in range(300):
        row, column = divmod(number, 25)
        write(page, digits["x_train"][number], 20 + 55 * row, 20 + 46 * column, scale=1)
    with bounded_work():
        marks = [mark for line in find_digits(page) for mark in line]
    assert len(marks) == pytest.approx(300, abs=15)


def test_a_page_of_squares_has_no_more_cells_than_are_looked_at():
    """Squared paper with 2,500 squares; cutting each out would take seconds."""
    from digit_recognition.imaging.cells import find_cells

    mask = np.zeros((1000, 1000), bool)
    mask[::20] = mask[:, ::20] = True
    same, cells = find_cells(mask, 1.0)
    assert not cells.cells
    np.testing.assert_array_equal(same, mask)
