import numpy as np
import pytest

from digit_recognition.imaging.page_marks import Mark
from digit_recognition.recognition.broken import broken_pairs
from digit_recognition.recognition.lines import NO_DIGIT, SPLIT, Digit


def digit(x, y=0, width=20, height=30, doubt=""):
    ink = np.ones((height, width), np.float32)
    return Digit(Mark(x, y, width, height, ink), 1, 0.99, doubt, 5.0)


def part(x, y=0, width=10, height=30, doubt=NO_DIGIT):
    return digit(x, y, width, height, doubt)


@pytest.mark.parametrize(
    "other",
    [
        part(14),  # beside it
        part(0, 18, 20, 12),  # below it
        part(4, 4, 4, 8),  # inside of it
    ],
)
def test_a_doubtful_mark_near_another_may_be_a_part_of_it(other):
    whole = digit(0, 0, 12, 16) if other.mark.y == 18 else digit(0, 0, 12)
    assert len(broken_pairs([whole, other])) == 1
    assert len(broken_pairs([other, whole])) == 1


@pytest.mark.parametrize(
    "other",
    [
        part(14, doubt=SPLIT),
        part(22),  # the gap is too wide
        part(14, width=30),  # together they are too wide
    ],
)
def test_other_marks_are_no_parts(other):
    assert broken_pairs([digit(0, 0, 12), other]) == []
    rest = [digit(x, 200) for x in range(100, 300, 40)]
    assert broken_pairs([digit(0, 0, 12), other, *rest]) == []


def test_digits_of_two_lines_are_no_parts_of_a_digit_twice_as_high():
    rest = [digit(x, 200) for x in range(100, 300, 40)]
    upper, lower = digit(0), part(0, 32, 20)
    assert broken_pairs([upper, lower]) == [(upper, lower)]
    assert broken_pairs([upper, lower, *rest]) == []
