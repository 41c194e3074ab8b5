from dataclasses import replace

import numpy as np
import pytest

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.cells import Cell
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.recognition.lines import (
    ASIDE,
    COLLIDE,
    LEFT_OUT,
    NO_DIGIT,
    OVERLAPS,
    SMALL,
    WIDE_GAP,
    Digit,
    arrange_in_lines,
)

THRESHOLD, LOWEST = -3.0, -6.0


def mark(x, y, width=20, height=30):
    return Mark(x, y, width, height, np.ones((height, width), np.float32))


def digit(x, y=0, width=20, height=30, confidence=1.0, doubt="", logit=5.0):
    return Digit(mark(x, y, width, height), 1, confidence, doubt, logit)


def sign(x, y=0, width=20, height=30):
    return digit(x, y, width, height, 0.6, NO_DIGIT, -5.0)


def arrange(*digits, unread=()):
    return arrange_in_lines(digits, [one.box for one in unread], THRESHOLD, LOWEST)


def test_digits_become_lines_from_top_to_bottom():
    first, second = arrange(digit(30), digit(0, 60), digit(0))
    assert [d.mark.x for d in first.digits] == [0, 30]
    assert [d.mark.y for d in second.digits] == [60]
    assert (first.reason, second.reason) == ("", "")


def test_a_sign_between_digits_is_left_out_and_told():
    (line,) = arrange(digit(0), sign(30, 4, height=22), digit(60))
    assert line.number == "11"
    assert line.reason == LEFT_OUT
    (dash,) = arrange(digit(0), digit(30, 14, 20, 4), digit(60))
    assert (dash.number, dash.reason) == ("11", LEFT_OUT)


def test_an_unlikely_digit_stays_in_its_line():
    for unlikely in (digit(30, doubt=NO_DIGIT, logit=-1.0), sign(30)):
        (line,) = arrange(digit(0), unlikely, digit(60))
        assert (line.number, line.reason) == ("111", f"digit 2: {NO_DIGIT}")


@pytest.mark.parametrize("confidence", [0.6, 0.99])
def test_a_mark_less_like_a_digit_than_all_known_digits_is_left_out(confidence):
    plus = digit(30, confidence=confidence, doubt=NO_DIGIT, logit=-6.1)
    (line,) = arrange(digit(0), plus, digit(60))
    assert (line.number, line.reason) == ("11", LEFT_OUT)


def test_confident_digits_that_the_detector_doubts_get_a_row():
    doubted = digit(0, 60, doubt=NO_DIGIT, logit=-1.0)
    lines = arrange(digit(0), digit(30), doubted)
    assert [line.reason for line in lines] == ["", NO_DIGIT]


@pytest.mark.parametrize(("height", "is_doubtful"), [(14, True), (16, False)])
def test_a_digit_much_smaller_than_the_others_is_in_doubt(height, is_doubtful):
    tick = digit(60, width=5, height=height)
    (line,) = arrange(digit(0), digit(30), tick)
    assert line.reason == (f"digit 3: {SMALL}" if is_doubtful else "")


@pytest.mark.parametrize(
    ("unread", "doubtful"),
    [
        (mark(60, 2), True),
        (mark(60, 2, 18, 12), False),  # a speck
        (mark(110, 2), False),  # far away
        (mark(30, 50), False),  # below
        (mark(0, 0, 200, 90), False),  # a frame
        (mark(60, -10, 20, 70), True),  # a tall 1
        (mark(60, -10, 40, 70), False),  # too wide for a 1
        (mark(60, -10, 20, 80), False),  # too tall
    ],
)
def test_ink_of_a_digits_size_beside_a_line_is_told(unread, doubtful):
    (line,) = arrange(digit(0), digit(30), unread=[unread])
    assert line.reason == (LEFT_OUT if doubtful else "")


def test_three_tall_lines_are_those_of_a_form():
    tall = [mark(x, -10, 5, 70) for x in (-10, 24, 54)]
    for count, reason in ((2, LEFT_OUT), (3, "")):
        digits = digit(0), digit(30), digit(60), digit(90)
        (line,) = arrange(*digits, unread=tall[:count])
        assert line.reason == reason


def test_digits_inside_a_drawing_are_in_doubt():
    ring = digit(-5, -12, 60, 54, confidence=0.6, doubt=NO_DIGIT, logit=-5.0)
    (line,) = arrange(digit(0), digit(30), ring)
    assert (line.number, line.reason) == ("11", LEFT_OUT)


def test_all_digits_are_in_doubt_if_more_ink_was_not_read():
    unread = [mark(x, 300, 25, 30) for x in (0, 100, 200)]
    (line,) = arrange(digit(0), digit(30), unread=unread)
    assert "among marks that are no digits" in line.reason
    (line,) = arrange(digit(0), digit(30), unread=unread[:2])
    assert line.reason == ""


def test_lines_beside_each_other_that_overlap_in_height_are_in_doubt():
    lines = arrange(digit(0), digit(30, 2), digit(60, 22))
    assert [line.reason for line in lines] == [OVERLAPS, OVERLAPS]


def test_a_lone_digit_aside_from_all_lines_is_in_doubt():
    lines = arrange(digit(100), digit(130), digit(10, 60), digit(100, 120))
    assert [line.reason for line in lines] == ["", ASIDE, ""]


def test_a_line_with_a_wide_gap_is_in_doubt():
    (line,) = arrange(digit(0), digit(30), digit(140), digit(170))
    assert line.reason == WIDE_GAP


def test_digits_on_top_of_each_other_are_in_doubt():
    (line,) = arrange(digit(0), digit(30), digit(45, 10, 4, 20))
    assert line.reason == COLLIDE
    (slanted,) = arrange(digit(0), digit(12))
    assert slanted.reason == ""


def test_two_digits_in_one_cell_are_in_doubt():
    cell = Cell(Box(0, 0, 40, 60), Box(0, 0, 40, 60))
    both = [replace(d, mark=replace(d.mark, cell=cell)) for d in (digit(0), digit(30))]
    (line,) = arrange(*both)
    assert line.reason == COLLIDE


def test_a_lone_odd_mark_and_one_as_high_as_several_lines_are_no_numbers():
    odd = digit(200, 100, 8, 12, doubt="unsure (60.0%)")
    (line,) = arrange(digit(0), digit(30), odd)
    assert line.number == "11"
    lines = arrange(
        digit(0), digit(30), digit(0, 50), digit(30, 50), digit(90, 0, 9, 90)
    )
    assert [line.number for line in lines] == ["11", "11"]
