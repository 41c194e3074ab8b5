import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from imaging.pages import INK, PAPER, blank, distance, lines_on
from scipy import ndimage

from digit_recognition.imaging import mnist_format
from digit_recognition.imaging.ink import stroke_width
from digit_recognition.imaging.mnist_format import (
    centre_in_field,
    is_mnist_format,
    to_mnist_format,
)


def tight(ink):
    rows, columns = np.nonzero(ink)
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def drawing(*lines, size, width):
    """Return the ink, 0 or 1, of lines on a square page of ``size`` pixels."""
    page = lines_on(blank(size, size), lines, width)
    return tight((PAPER - page) / (PAPER - INK)).astype(np.float32)


def seven(size, width):
    high, low = 0.1 * size, 0.9 * size
    return drawing(
        ((high, high), (low, high), (0.4 * size, low)), size=size, width=width
    )


def extent(field):
    return tuple(int(np.ptp(at)) + 1 for at in np.nonzero(field))


@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_an_enlarged_mnist_image_is_converted_back_to_itself(digits, scale):
    for image in digits["x_test"][::3]:
        expected = image / 255
        ink = tight(expected).repeat(scale, axis=0).repeat(scale, axis=1)
        found = to_mnist_format(ink.astype(np.float32))
        assert found.dtype == np.float32
        assert distance(found, expected) < 0.005


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((40, 20), (20, 10)),
        ((20, 40), (10, 20)),
        ((300, 33), (20, 2)),
        ((7, 5), (20, 14)),
        ((1, 1), (20, 20)),
    ],
)
def test_the_longest_side_becomes_20_pixels_and_the_aspect_ratio_is_kept(
    shape, expected
):
    field = to_mnist_format(np.full(shape, 0.6, np.float32))
    assert field.shape == (28, 28)
    assert field.max() == pytest.approx(1)
    assert extent(field) == expected


def test_the_reduction_averages_areas():
    blocks = np.random.default_rng(0).uniform(0.2, 1, (20, 12)).astype(np.float32)
    blocks /= blocks.max()
    noise = np.zeros((4, 4))
    noise[::2] = 0.02  # cancels out in the average
    ink = np.kron(blocks, np.ones((4, 4))) + np.tile(noise - noise.mean(), (20, 12))
    field = to_mnist_format(ink.astype(np.float32))
    top, left = (28 - 20) // 2, (28 - 12) // 2
    found = tight(field)
    assert found.shape == (20, 12)
    assert abs(top - np.nonzero(field)[0].min()) <= 1
    assert abs(left - np.nonzero(field)[1].min()) <= 1
    np.testing.assert_allclose(found, blocks, atol=1e-3)


def test_the_centre_of_mass_is_in_the_centre(digits):
    for image in digits["x_train"][::9]:
        field = to_mnist_format((tight(image) / 255).astype(np.float32))
        np.testing.assert_allclose(ndimage.center_of_mass(field), 14, atol=0.5)


def test_ink_is_never_moved_out_of_the_field():
    heavy_end = np.zeros((4, 20), np.float32)
    heavy_end[:, :2] = 1
    heavy_end[0] = 0.05
    field = centre_in_field(heavy_end)
    assert field[:, -1].any()
    np.testing.assert_array_equal(tight(field), heavy_end)
    assert ndimage.center_of_mass(field)[1] < 13.5


@pytest.mark.parametrize("size", [300, 1000])
@pytest.mark.parametrize("width", [1, 2])
def test_hairlines_are_widened_to_mnists_stroke_width(size, width):
    field = to_mnist_format(seven(size, width))
    assert field.max() == pytest.approx(1)
    assert extent(field)[0] == pytest.approx(20, abs=1)
    assert 1.4 < stroke_width(field > 0.5) < 3
    reference = to_mnist_format(seven(300, 30))
    assert distance(field, reference) < 0.06


def test_strokes_of_mnists_width_are_not_widened():
    ink = seven(80, 10)
    area = ink.sum() * (20 / max(ink.shape)) ** 2
    assert to_mnist_format(ink).sum() == pytest.approx(area, rel=0.05)


def test_mnists_images_are_in_mnists_format(digits):
    for image in np.concatenate([digits["x_train"], digits["x_test"]]):
        assert is_mnist_format(image / np.float32(255))


@pytest.mark.parametrize(
    "change",
    [
        lambda field: 1 - field,
        lambda field: np.roll(field, 3, axis=0),
        lambda field: np.roll(field, 3, axis=1),
        lambda field: field * 0.5,
        lambda field: field * 0,
        lambda field: np.maximum(field, 0.01),
        lambda field: np.pad(field, 1),
        lambda field: field[1:],
    ],
)
def test_changed_images_are_not_in_mnists_format(digits, change):
    field = digits["x_test"][0] / np.float32(255)
    assert is_mnist_format(field)
    assert not is_mnist_format(change(field))


@given(
    arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)),
    st.integers(1, 4),
    st.floats(0, 12),
)
def test_the_bound_on_the_stroke_width_never_contradicts_it(mask, scale, width):
    mask = mask.repeat(scale, axis=0).repeat(scale, axis=1)
    assert mnist_format._is_thinner(mask, width) == (stroke_width(mask) < width)
