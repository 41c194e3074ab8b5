import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from imaging.pages import INK, blank, noisy

from digit_recognition.errors import ProjectError
from digit_recognition.imaging.segmentation import Mark
from digit_recognition.imaging.splitting import merge_marks, split_candidates
from digit_recognition.recognition.calibration import calibrated_confidence
from digit_recognition.recognition.reader import NothingToRead, Reader
from digit_recognition.recognition.thresholds import Threshold, dump_thresholds

STRICT, USUAL = (
    Threshold(0.001, 0.99, 0.5, 5000, 0),
    Threshold(0.01, 0.9, 0.9, 9000, 45),
)
TABLE = dump_thresholds([USUAL, STRICT, Threshold(None, 0.995, 0.4, 4000, 0)])
KNOWN = {
    "temperature": "1",
    "thresholds": TABLE,
    "digit_threshold": "0",
    "model_version": "v",
    "recipe": "standard",
    "dataset": "mnist",
}
SURE, UNSURE, STRANGE = (1, 0.999, 5), (1, 0.6, 5), (1, 0.999, -5)


def hand_made(digit, confidence):
    """Logits that make the digit as probable as that, and all others alike."""
    logits = np.zeros(10, np.float32)
    logits[digit] = np.log(9 * confidence / (1 - confidence))
    return logits


class Session:
    """What ONNX Runtime's session does, with an answer of one's own for each field.

    ``answer`` takes a field and gives the digit, its confidence, and how far it is one.
    """

    def __init__(self, answer, **metadata):
        self._answer = answer
        self._metadata = KNOWN | metadata
        self.fields = []

    def get_modelmeta(self):
        return SimpleNamespace(custom_metadata_map=self._metadata)

    def run(self, outputs, inputs):
        assert outputs == ["logits", "digit_logit"]
        (images,) = inputs.values()
        assert list(inputs) == ["image"]
        assert images.dtype == np.float32
        assert images.shape[1:] == (28, 28, 1)
        self.fields += list(images[..., 0])
        answers = [self._answer(field) for field in images[..., 0]]
        logits = np.stack([hand_made(digit, sure) for digit, sure, _ in answers])
        return logits, np.array([[score] for *_, score in answers], np.float32)


def in_turn(*answers):
    """The answers one after another, whatever the field."""
    left = iter(answers)

    def answer(_):
        return next(left)

    return answer


def width(field):
    return int(np.ptp(np.nonzero(field.any(axis=0)))) + 1


def page_with(*boxes):
    """A page with ink in boxes of (left, top, right, bottom)."""
    page = blank()
    for left, top, right, bottom in boxes:
        page[top:bottom, left:right] = INK
    return page


def ones(count):
    return [(20 + 40 * i, 30, 28 + 40 * i, 90) for i in range(count)]


def read(page, answer, max_error=0.01, **metadata):
    return Reader(Session(answer, **metadata), max_error).read(page)


def read_line(*answers, **metadata):
    """The only line of a page with so many strokes."""
    (line,) = read(page_with(*ones(len(answers))), in_turn(*answers), **metadata)
    return line


def test_a_number_is_its_digits_from_left_to_right():
    line = read_line((0, 0.99, 5), (0, 0.98, 5), (7, 0.97, 5))
    assert line.number == "007"
    assert [digit.mark.x for digit in line.digits] == [20, 60, 100]
    assert [digit.confidence for digit in line.digits] == pytest.approx(
        [0.99, 0.98, 0.97]
    )
    assert line.confidence == pytest.approx(0.99 * 0.98 * 0.97)
    assert line.reason == ""


def test_lines_come_from_above():
    above, below = ones(2), [(30, 140, 38, 200)]
    lines = read(
        page_with(*below, *above), in_turn((4, 0.99, 5), (2, 0.99, 5), (9, 0.99, 5))
    )
    assert [line.number for line in lines] == ["42", "9"]


def test_an_mnist_image_is_given_to_the_model_as_it_is(digits):
    session = Session(in_turn((7, 0.99, 5)))
    field = digits["x_test"][0] / np.float32(255)
    (line,) = Reader(session, 0.01).read(field)
    assert line.number == "7"
    np.testing.assert_array_equal(session.fields, [field])


def test_a_number_is_accepted_only_if_every_digit_is():
    assert read_line(SURE, SURE, SURE).reason == ""
    assert read_line(SURE, UNSURE, SURE).reason == "digit 2: unsure (60.0%)"
    assert read_line(SURE, SURE, STRANGE).reason == "digit 3: perhaps no digit"
    assert read_line(UNSURE).reason == "unsure (60.0%)"


def test_no_more_than_three_reasons_are_told():
    assert read_line(*[UNSURE] * 3).reason.count(";") == 2
    places = "; ".join(f"digit {place}: unsure (60.0%)" for place in (1, 2, 3))
    assert read_line(*[UNSURE] * 5).reason == f"{places}; and 2 more"


def test_a_digit_is_accepted_strictly_above_the_threshold():
    exact = float(calibrated_confidence(hand_made(1, 0.95)[None], 1)[0])
    for threshold, accepted in ((exact, False), (np.nextafter(exact, 0), True)):
        table = dump_thresholds([Threshold(0.01, threshold, 0.9, 9000, 45)])
        line = read_line((1, 0.95, 5), thresholds=table)
        assert (line.reason == "") == accepted


def test_the_threshold_is_that_of_the_error_that_is_wanted():
    for max_error, row in ((0.001, STRICT), (0.005, STRICT), (0.02, USUAL)):
        reader = Reader(Session(in_turn((1, 0.95, 5))), max_error)
        assert reader.threshold == row
        (line,) = reader.read(page_with(*ones(1)))
        assert (line.reason == "") == (row is USUAL)


def test_confidence_is_at_the_models_temperature():
    odds = np.log(9 * 0.99 / 0.01)
    softened = np.exp(odds / 2) / (np.exp(odds / 2) + 9)
    assert read_line((1, 0.99, 5), temperature="2").confidence == pytest.approx(
        softened
    )


def test_what_reaches_the_digit_threshold_is_a_digit():
    assert read_line((1, 0.99, 1.5), digit_threshold="1.5").reason == ""
    line = read_line((1, 0.99, 1.25), digit_threshold="1.5")
    assert line.reason == "perhaps no digit"


def test_uneven_ink_is_perhaps_no_digit_whatever_the_model_says():
    page = page_with((100, 50, 116, 130))
    page[50:130, 100:116] = 0.9 - np.linspace(0.3, 0.8, 80)[:, None]
    (line,) = read(page, in_turn((1, 0.999, 5)))
    assert line.reason == "perhaps no digit"


def test_where_most_is_no_digit_all_is_in_doubt():
    page = page_with(*ones(3), (20, 140, 28, 200))
    half = read(page, in_turn(STRANGE, STRANGE, SURE, SURE))
    assert [line.reason == "" for line in half] == [False, True]
    most = read(page, in_turn(STRANGE, STRANGE, STRANGE, SURE))
    assert most[1].reason == "among what is no digit"
    other = read(page, in_turn(STRANGE, STRANGE, UNSURE, STRANGE))
    assert other[0].reason.endswith("digit 3: unsure (60.0%)")


def test_a_model_that_tells_too_little_is_refused_with_a_sentence():
    session = Session(in_turn())
    for name in ("temperature", "digit_threshold"):
        del session._metadata[name]
    with pytest.raises(ProjectError) as refused:
        Reader(session, 0.01)
    assert str(refused.value) == (
        "expected temperature, digit_threshold in the metadata of model_onnx, "
        "received none; make it anew with `kedro run --pipeline export`"
    )


def test_the_models_metadata_is_kept():
    reader = Reader(Session(in_turn(), recipe="standard"), 0.01)
    assert reader.metadata["recipe"] == "standard"
    assert json.loads(reader.metadata["thresholds"])[0]["max_error"] == 0.01


def test_a_page_without_digits_gives_the_reason():
    for page in (blank(), noisy(blank())):
        with pytest.raises(NothingToRead, match="nothing written was found"):
            read(page, in_turn())


def test_a_page_of_texture_gives_the_reason():
    page = blank(600, 600)
    for row in range(3):
        for column in range(3):
            page[row::10, column::10] = INK
    with pytest.raises(NothingToRead, match=r"^no digits, but 3,600 pieces of ink"):
        read(page, in_turn())


# Two strokes, 60 high, with a bar between them; the other is half as wide again as
# high, and its bar thinnest in the middle.
TOUCHING = page_with((100, 50, 112, 110), (138, 50, 150, 110), (112, 76, 138, 82))
WIDE = page_with(
    *((100, 50, 124, 110), (166, 50, 190, 110)),
    *((124, 72, 142, 86), (142, 78, 148, 82), (148, 72, 166, 86)),
)


def narrow_is_sure(field):
    return (1, 0.99, 5) if width(field) < 17 else (8, 0.7, -5)


@pytest.mark.parametrize("page", [TOUCHING, WIDE])
def test_digits_that_touch_are_read_apart_and_never_accepted(page):
    (line,) = read(page, narrow_is_sure)
    assert line.number == "11"
    assert line.digits[0].mark.x == 100
    doubt = "cut from touching ink"
    assert line.reason == f"digit 1: {doubt}; digit 2: {doubt}"


def test_a_wide_mark_is_cut_even_if_it_seems_a_sure_digit():
    def sure(field):
        return (1, 0.95, 5) if width(field) < 17 else (8, 0.999, 5)

    assert read(WIDE, sure)[0].number == "11"
    (line,) = read(TOUCHING, sure)
    assert line.number == "8"
    assert line.reason == ""


def test_a_mark_whose_halves_are_surely_digits_is_in_doubt_even_if_sure_itself():
    def sure(field):
        return (1, 0.995, 5) if width(field) < 17 else (8, 0.999, 5)

    (line,) = read(TOUCHING, sure)
    assert line.number == "8"
    assert line.reason == "perhaps two that touch"


def test_a_mark_that_is_too_wide_for_one_digit_is_in_doubt_where_it_cannot_be_cut():
    def answer(field):
        return (1, 0.9, -5) if width(field) < 17 else (8, 0.999, 5)

    (line,) = read(WIDE, answer)
    assert line.number == "8"
    assert line.reason == "too wide for one digit"


def test_the_halves_of_an_uneven_mark_are_uneven_too():
    mark = Mark(0, 0, 20, 20, np.ones((20, 20), np.float32), uneven=True)
    assert all(part.uneven for pair in split_candidates(mark) for part in pair)
    assert merge_marks(mark, replace(mark, x=25, uneven=False)).uneven


@pytest.mark.parametrize("half", [(1, 0.85, 5), (1, 0.99, -5)])
def test_what_has_no_likely_halves_stays_whole(half):
    def answer(field):
        return half if width(field) < 17 else (8, 0.7, -5)

    (line,) = read(TOUCHING, answer)
    assert line.number == "8"
    assert line.reason == "perhaps no digit"


# A broken 0, its halves 6 apart.
HALVES = (100, 50, 108, 110), (108, 102, 126, 110), (132, 50, 140, 110)


def wide_is_sure(field):
    return (0, 0.99, 5) if width(field) >= 12 else (1, 0.6, 5)


def test_the_halves_of_a_broken_digit_are_read_together():
    (line,) = read(page_with(*HALVES), wide_is_sure)
    (digit,) = line.digits
    assert line.number == "0"
    assert line.reason == ""
    mark = digit.mark
    assert (mark.x, mark.y, mark.width, mark.height) == (100, 50, 40, 60)


@pytest.mark.parametrize("whole", [(0, 0.85, 5), (0, 0.99, -5)])
def test_halves_that_make_no_likely_digit_stay_two(whole):
    def answer(field):
        return whole if width(field) >= 12 else (1, 0.6, 5)

    (line,) = read(page_with(*HALVES), answer)
    assert line.number == "11"


def test_neighbours_that_are_sure_stay_two():
    def answer(field):
        return (0, 0.9999, 5) if width(field) >= 12 else (1, 0.99, 5)

    (line,) = read(page_with(*HALVES), answer)
    assert line.number == "11"
    assert line.reason == ""


def test_neighbours_that_are_not_near_stay_two():
    (line,) = read(page_with((100, 50, 108, 110), (132, 50, 140, 110)), wide_is_sure)
    assert line.number == "11"
