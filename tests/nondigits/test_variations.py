import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.nondigits.variations import (
    redraw_with_pen,
    simulate_scanners,
    vary_handwriting,
)


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"][::4] / 255).astype(np.float32)


def test_a_felt_pen_draws_strokes_of_constant_width():
    bars = np.zeros((200, 28, 28), np.float32)
    bars[:, 4:24, 12:15] = 1
    drawn = redraw_with_pen(bars, np.random.default_rng(0))
    widths = drawn[:, 10:18].sum(axis=2)
    assert np.ptp(widths, axis=1).max() < 1e-5
    assert 1 <= widths.min() < 1.2
    assert 4.8 < widths.max() <= 6


def test_drawings_do_not_affect_each_other_and_empty_ones_become_dots():
    drawings = np.zeros((3, 28, 28), np.float32)
    drawings[1, :, 13:15] = 1
    drawn = redraw_with_pen(drawings, np.random.default_rng(0))
    assert (drawn.sum(axis=(1, 2)) > 0).all()
    for dot in drawn[[0, 2]]:
        assert ndimage.center_of_mass(dot) == pytest.approx((14, 14))


@pytest.mark.parametrize(
    "change", [redraw_with_pen, vary_handwriting, simulate_scanners]
)
def test_copies_of_an_image_vary_and_a_seed_reproduces_them(images, change):
    same = np.repeat(images[:1], 50, axis=0)
    first = change(same, np.random.default_rng(1))
    np.testing.assert_array_equal(change(same, np.random.default_rng(1)), first)
    assert len({image.tobytes() for image in first}) > 25
    assert first.dtype == np.float32
    assert first.shape == same.shape
    assert 0 <= first.min() < first.max() <= 1


@pytest.mark.parametrize("change", [vary_handwriting, simulate_scanners])
def test_digits_stay_recognizable(digits, images, change):
    from sklearn.svm import SVC

    train = digits["x_train"].reshape(len(digits["x_train"]), -1) / 255
    classifier = SVC(C=10).fit(train, digits["y_train"])
    labels = digits["y_test"]
    clean = (digits["x_test"] / 255).astype(np.float32)
    before, after = (
        classifier.score(x.reshape(len(x), -1), labels)
        for x in (clean, change(clean, np.random.default_rng(0)))
    )
    assert after > before - 0.2
