import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.nondigits.drawings import (
    as_fields,
    chance,
    some,
    turns,
    warp,
)


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"][::8] / 255).astype(np.float32)


def test_mnist_images_come_back_as_they_were(images):
    found = as_fields(images)
    assert np.abs(found - images).mean() < 0.001
    assert found.dtype == np.float32


def test_a_drawing_comes_back_wherever_it_was_and_three_times_as_large(images):
    large = np.pad(images.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (9, 2), (0, 6)))
    assert np.abs(as_fields(large) - as_fields(images)).mean() < 0.001


def test_the_longest_side_is_20_pixels_and_the_centre_of_mass_in_the_middle():
    wide = np.zeros((1, 100, 300))
    wide[0, 10:50, 60:260] = 0.3
    field = as_fields(wide)[0]
    rows, columns = np.nonzero(field)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (4, 20)
    assert field.max() == pytest.approx(1)
    centre = ndimage.center_of_mass(field)
    np.testing.assert_allclose(centre, 14, atol=0.5)


def test_a_drawing_without_ink_stays_black():
    np.testing.assert_array_equal(
        as_fields(np.zeros((2, 30, 40))), np.zeros((2, 28, 28))
    )


def test_a_turn_by_90_degrees_is_that_of_numpy(images):
    for sign in (-1, 1):
        angles = np.full(len(images), sign * np.pi / 2)
        expected = np.rot90(images, sign, axes=(1, 2))
        np.testing.assert_allclose(warp(images, turns(angles)), expected, atol=1e-5)


def test_moves_are_in_pixels(images):
    still = np.tile(np.eye(2), (len(images), 1, 1))
    down = np.array([-3, 0])[:, None, None, None]
    expected = ndimage.shift(images, (0, 3, 0), order=1)
    np.testing.assert_allclose(warp(images, still, down), expected, atol=1e-6)


def test_images_are_chosen_of_the_digits_that_are_asked_for():
    labels = np.array([0, 1, 2, 1, 3])
    chosen = some(np.arange(5), 200, np.random.default_rng(0), labels, (1, 3))
    assert set(chosen) == {1, 3, 4}
    assert set(some(np.arange(5), 200, np.random.default_rng(0))) == set(range(5))


def test_chance_is_a_share():
    happens = chance(0.3, 10_000, np.random.default_rng(0))
    assert happens.shape == (10_000, 1, 1)
    assert happens.mean() == pytest.approx(0.3, abs=0.02)
