import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.nondigits.drawings import (
    batch_to_mnist_format,
    interval_mask,
    random_mask,
    rotation_matrices,
    sample_images,
    shift_randomly,
    warp,
)


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"][::8] / 255).astype(np.float32)


def test_mnist_images_stay_as_they_are(images):
    found = batch_to_mnist_format(images)
    assert np.abs(found - images).mean() < 0.001
    assert found.dtype == np.float32


def test_size_and_position_of_a_drawing_do_not_matter(images):
    large = np.pad(images.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (9, 2), (0, 6)))
    difference = batch_to_mnist_format(large) - batch_to_mnist_format(images)
    assert np.abs(difference).mean() < 0.001


def test_the_longest_side_is_20_pixels_and_the_centre_of_mass_is_in_the_middle():
    wide = np.zeros((1, 100, 300))
    wide[0, 10:50, 60:260] = 0.3
    image = batch_to_mnist_format(wide)[0]
    rows, columns = np.nonzero(image)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (4, 20)
    assert image.max() == pytest.approx(1)
    centre = ndimage.center_of_mass(image)
    np.testing.assert_allclose(centre, 14, atol=0.5)


def test_a_drawing_without_ink_stays_black():
    images = batch_to_mnist_format(np.zeros((2, 30, 40)))
    np.testing.assert_array_equal(images, np.zeros((2, 28, 28)))


def test_a_rotation_by_90_degrees_equals_numpys(images):
    for sign in (-1, 1):
        angles = np.full(len(images), sign * np.pi / 2)
        expected = np.rot90(images, sign, axes=(1, 2))
        rotated = warp(images, rotation_matrices(angles))
        np.testing.assert_allclose(rotated, expected, atol=1e-5)


def test_offsets_are_in_pixels(images):
    identity = np.tile(np.eye(2), (len(images), 1, 1))
    down = np.array([-3, 0])[:, None, None, None]
    expected = ndimage.shift(images, (0, 3, 0), order=1)
    np.testing.assert_allclose(warp(images, identity, down), expected, atol=1e-6)


def test_a_random_shift_moves_whole_pixels_and_fills_with_black(images):
    shifted = shift_randomly(images[:20], 2, np.random.default_rng(0))
    for before, after in zip(images[:20], shifted, strict=True):
        expected = [
            ndimage.shift(before, (down, right), order=0)
            for down in range(-2, 3)
            for right in range(-2, 3)
        ]
        assert any(np.array_equal(after, image) for image in expected)


def test_only_images_of_the_given_digits_are_sampled():
    labels = np.array([0, 1, 2, 1, 3])
    sampled = sample_images(np.arange(5), 200, np.random.default_rng(0), labels, (1, 3))
    assert set(sampled) == {1, 3, 4}
    sampled = sample_images(np.arange(5), 200, np.random.default_rng(0))
    assert set(sampled) == set(range(5))


def test_a_random_mask_has_the_given_probability():
    mask = random_mask(0.3, 10_000, np.random.default_rng(0))
    assert mask.shape == (10_000, 1, 1)
    assert mask.mean() == pytest.approx(0.3, abs=0.02)


def test_an_interval_mask_marks_the_pixels_from_start_to_end():
    mask = interval_mask(np.array([[3], [26]]), 4)
    assert [list(np.flatnonzero(row)) for row in mask] == [[3, 4, 5, 6], [26, 27]]
