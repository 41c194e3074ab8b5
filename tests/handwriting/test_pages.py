import numpy as np
import pytest

from digit_recognition.handwriting import write_digits
from digit_recognition.handwriting.pages import read_back


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"] / 255).astype(np.float32)


def correlation(one, other):
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_digits_read_back_resemble_those_that_were_written(images):
    fields, rows = read_back(images[:200], np.random.default_rng(0))
    assert len(fields) == len(rows) > 180
    assert fields.shape[1:] == (28, 28)
    assert fields.dtype == np.float32
    assert len(set(rows)) == len(rows)
    alike = [
        correlation(field, images[row]) for field, row in zip(fields, rows, strict=True)
    ]
    assert np.median(alike) > 0.8
    others = np.roll(rows, 1)
    assert np.median(alike) > 0.3 + np.median(
        [correlation(f, images[row]) for f, row in zip(fields, others, strict=True)]
    )


def test_a_drawing_without_ink_is_left_out(images):
    drawings = images[:40].copy()
    drawings[[3, 7]] = 0
    _, rows = read_back(drawings, np.random.default_rng(0))
    assert not {3, 7} & set(rows)
    fields, rows = read_back(np.zeros((5, 28, 28)), np.random.default_rng(0))
    assert fields.shape == (0, 28, 28)
    assert rows.shape == (0,)


def test_written_digits_come_with_their_labels(digits, images):
    counts = {"copied": 60, "strokes": 30, "allographs": 50}
    fields, found = write_digits(images, digits["y_train"], **counts, seed=0)
    assert 120 < len(fields) == len(found) <= 140
    again, _ = write_digits(images, digits["y_train"], **counts, seed=0)
    np.testing.assert_array_equal(fields, again)
    only = {"copied": 0, "strokes": 40, "allographs": 0}
    _, found = write_digits(images, digits["y_train"], **only, seed=0)
    assert set(found) == {1, 7, 9}
