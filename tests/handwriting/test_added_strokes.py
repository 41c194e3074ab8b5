import numpy as np
import pytest

from digit_recognition.handwriting.added_strokes import add_strokes
from digit_recognition.nondigits.drawings import batch_to_mnist_format


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"] / 255).astype(np.float32)


def columns_with_ink(field, rows):
    return np.flatnonzero((field[rows] > 0.5).any(axis=0))


def vertical_bar():
    bar = np.zeros((28, 28), np.float32)
    bar[4:24, 13:15] = 1
    return bar


def test_an_upright_1_gets_an_upstroke_at_its_upper_left():
    ones = np.repeat(vertical_bar()[None], 50, axis=0)
    changed = add_strokes(ones, np.ones(50, int), np.random.default_rng(0))
    for field in changed:
        rows, columns = np.nonzero(field > 0.5)
        stem = np.median(columns[rows > 20])
        assert columns[rows < 14].min() < stem - 2
    feet = [np.ptp(columns_with_ink(field, slice(20, 26))) > 5 for field in changed]
    assert 0.1 < np.mean(feet) < 0.45


def test_a_1_that_leans_far_to_the_right_gets_no_upstroke():
    """An upstroke would be nearly level and turn it into a 7."""
    leaning = np.zeros((28, 28), np.float32)
    for row in range(5, 23):
        column = 27 - row
        leaning[row, column - 1 : column + 2] = 1
    before = np.repeat(leaning[None], 30, axis=0)
    changed = add_strokes(before, np.ones(30, int), np.random.default_rng(1))
    same = batch_to_mnist_format(before[:1])[0]
    is_same = [np.abs(field - same).mean() < 0.02 for field in changed]
    assert np.mean(is_same) > 0.5


def test_a_7_gets_a_bar_across_the_middle_of_its_stem():
    seven = np.zeros((28, 28), np.float32)
    seven[4:6, 8:20] = 1
    seven[4:24, 18:20] = 1
    sevens = np.repeat(seven[None], 30, axis=0)
    changed = add_strokes(sevens, np.full(30, 7), np.random.default_rng(2))
    middle = slice(10, 20)
    for field in changed:
        assert np.ptp(columns_with_ink(field, middle)) > 4
        assert np.ptp(columns_with_ink(field, slice(21, 24))) < 4


def test_other_digits_stay_as_they_are(digits, images):
    rows = np.flatnonzero(~np.isin(digits["y_train"], (1, 7, 9)))[:100]
    changed = add_strokes(
        images[rows], digits["y_train"][rows], np.random.default_rng(3)
    )
    assert np.abs(changed - images[rows]).mean() < 0.001


def test_changed_digits_are_in_mnists_format(digits, images):
    changed = add_strokes(images, digits["y_train"], np.random.default_rng(4))
    assert changed.shape == images.shape
    assert changed.dtype == np.float32
    for field in changed:
        rows, columns = np.nonzero(field > 0.2)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
