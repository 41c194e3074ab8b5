import numpy as np

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.cells import Cell
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.recognition.lines import NO_DIGIT, PERHAPS_FRAME, Digit
from digit_recognition.recognition.regions import (
    away_from_sides,
    choose_by_region,
    doubt_frames,
)


def digit(x, y, width=20, height=30, confidence=1.0, doubt="", cell=None):
    ink = np.ones((height, width), np.float32)
    return Digit(Mark(x, y, width, height, ink, cell=cell), 1, confidence, doubt)


def test_each_region_is_taken_from_the_reading_that_is_surer_there():
    one = [digit(0, 0, confidence=0.9), digit(100, 0, confidence=0.6)]
    other = [digit(1, 1, confidence=0.7), digit(101, 1, confidence=0.99)]
    assert choose_by_region(one, other) == [one[0], other[1]]


def test_what_only_one_reading_has_is_kept():
    one, other = [digit(0, 0)], [digit(100, 0)]
    assert choose_by_region(one, other) == one + other
    assert choose_by_region(one, []) == one
    assert choose_by_region([], other) == other


def test_one_digit_is_better_than_its_fragments():
    whole = [digit(0, 0, 80, 200)]
    fragments = [digit(0, y, 6, 40) for y in (0, 60, 120)]
    assert choose_by_region(fragments, whole) == whole


def test_two_digits_are_better_than_a_mark_that_is_none():
    blob = [digit(0, 0, 50, 30, doubt=NO_DIGIT)]
    two = [digit(0, 0), digit(30, 0)]
    assert choose_by_region(blob, two) == two


def test_a_grid_is_read_as_a_whole():
    grid = Box(0, 0, 40, 100)
    cells = [
        digit(x, 5, 10, cell=Cell(Box(0, x - 5, 40, x + 15), grid)) for x in (10, 50)
    ]
    lines = [digit(30, 0, 4, 40, doubt=NO_DIGIT), digit(11, 5, 10)]
    assert choose_by_region(lines, cells) == cells


def test_a_piece_of_the_outer_line_of_a_grid_belongs_to_the_grid():
    grid = Box(0, 0, 40, 100)
    cells = [
        digit(x, 5, 10, cell=Cell(Box(0, x - 5, 40, x + 15), grid)) for x in (10, 50)
    ]
    piece, beyond = digit(102, 5, 2), digit(130, 5, 2)
    assert choose_by_region([piece, beyond], cells) == [beyond, *cells]


def test_marks_that_touch_a_side_of_the_page_are_left_out():
    inside = digit(1, 1).mark
    at_sides = [digit(*place).mark for place in ((0, 5), (5, 0), (80, 5), (5, 70))]
    assert away_from_sides([*at_sides, inside], (100, 100)) == [inside]


def test_a_part_of_a_frame_stays_in_doubt_whichever_reading_it_is_taken_from():
    frame = digit(0, 0, 8, 80, doubt=PERHAPS_FRAME)
    same, unsure = digit(1, 0, 8, 80), digit(0, 1, 8, 80, doubt=NO_DIGIT)
    away = digit(30, 0, 20, 80)
    found = doubt_frames([same, unsure, away], [frame])
    assert [one.doubt for one in found] == [PERHAPS_FRAME, NO_DIGIT, ""]
