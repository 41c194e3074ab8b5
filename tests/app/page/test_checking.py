import pytest

from digit_recognition.app.page.checking import (
    Checking,
    NotDigits,
    Task,
    corrected,
    enter,
)


def row(number, accepted="false", reason="unsure (80.0%)"):
    return {
        "picture": "a.png",
        "line": 0,
        "number": number,
        "confidence": 0.8,
        "accepted": accepted,
        "reason": reason,
    }


SURE, UNSURE, WRONG = row("12", "true", ""), row("34"), row("56")
ROWS = [SURE, UNSURE, row("", reason="expected a picture, received text"), WRONG]
TASKS = [Task(place, ROWS[place], lambda: None) for place in (1, 3)]


def check(*typed):
    checking = Checking()
    for text in typed:
        checking = enter(checking, TASKS, text)
    return checking


def test_typed_digits_correct_the_number_and_the_reason_says_what_was_read():
    rows = corrected(ROWS, check("", "57"))
    assert rows[0] == SURE
    assert rows[1] == UNSURE | {
        "accepted": "true",
        "reason": "checked by a person, was read as 34",
    }
    assert rows[2] == ROWS[2]
    assert rows[3] == WRONG | {
        "number": "57",
        "accepted": "true",
        "reason": "checked by a person, was read as 56",
    }


def test_leading_zeros_and_spaces_are_handled():
    assert check("0 07 ").answers == {1: "007"}


def test_x_says_that_there_is_no_number():
    rows = corrected(ROWS, check("x"))
    assert rows[1] == UNSURE | {
        "number": "",
        "reason": "checked by a person: no number",
    }


def test_b_goes_back_and_the_earlier_answer_is_kept_by_enter():
    checking = check("35", "b")
    assert checking.position == 0
    checking = enter(checking, TASKS, "")
    assert (checking.position, checking.answers) == (1, {1: "35"})
    assert check("b").position == 0


def test_after_the_last_number_only_b_does_something():
    done = check("", "", "99")
    assert done == check("", "")
    assert enter(done, TASKS, "b").position == 1


@pytest.mark.parametrize("typed", ["3a", "-1", "1.5", "²", "٣", "xx", "=1+1"])
def test_anything_else_than_digits_gets_a_clear_sentence(typed):
    with pytest.raises(NotDigits, match=r"^Expected digits, received"):
        check(typed)
