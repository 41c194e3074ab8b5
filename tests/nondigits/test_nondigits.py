import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.nondigits import KINDS, make_non_digits
from digit_recognition.nondigits.broken import CUT


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"] / 255).astype(np.float32)


@pytest.fixture(scope="module")
def made(images, digits):
    return make_non_digits(images, digits["y_train"], 20 * len(KINDS), 0)


def make(kind, images, digits, count=40, seed=0):
    rng = np.random.default_rng(seed)
    return KINDS[kind](images, digits["y_train"], count, rng)


def test_non_digits_are_fields_as_mnist_has_them(made):
    fields, _ = made
    assert fields.dtype == np.float32
    assert fields.shape == (20 * len(KINDS), 28, 28)
    assert 0 <= fields.min() < fields.max() <= 1
    assert (fields.max(axis=(1, 2)) > 0.99).mean() > 0.99
    centres = np.array(
        [ndimage.center_of_mass(field) for field in fields if field.any()]
    )
    assert (np.abs(centres - 14) < 1).all(axis=1).mean() > 0.95


def test_there_are_equally_many_of_each_kind(images, digits, made):
    names, counts = np.unique(made[1], return_counts=True)
    assert sorted(KINDS) == list(names)
    assert set(counts) == {20}
    fields, kinds = make_non_digits(images, digits["y_train"], 17, 0)
    assert len(fields) == len(kinds) == 17


def test_the_seed_decides_what_is_made(images, digits, made):
    labels = digits["y_train"]
    again, _ = make_non_digits(images, labels, len(made[0]), 0)
    np.testing.assert_array_equal(again, made[0])
    other, _ = make_non_digits(images, labels, len(made[0]), 1)
    assert (other != made[0]).any(axis=(1, 2)).mean() > 0.99


def test_the_images_are_left_as_they_were(images, digits):
    before = images.copy()
    make_non_digits(images, digits["y_train"], 100, 0)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("kind", KINDS)
def test_few_of_a_kind_are_alike_and_none_is_an_image(images, digits, kind):
    drawings = make(kind, images, digits)
    assert len({drawing.tobytes() for drawing in drawings}) > 0.9 * len(drawings)
    if drawings.shape[1:] == images.shape[1:]:
        known = {image.tobytes() for image in images}
        assert known.isdisjoint(drawing.tobytes() for drawing in drawings)


def test_shuffled_quarters_are_those_of_one_digit(images, digits):
    shuffled = make("shuffled", images, digits)
    cut = images[np.isin(digits["y_train"], CUT)]
    quarters = [
        {tuple(np.sort(i[y : y + 10, x : x + 10].ravel())) for i in cut}
        for y in (4, 14)
        for x in (4, 14)
    ]
    for drawing in shuffled:
        for y, x in ((4, 4), (4, 14), (14, 4), (14, 14)):
            found = tuple(np.sort(drawing[y : y + 10, x : x + 10].ravel()))
            assert any(found in known for known in quarters)


def test_zeros_ones_and_eights_are_never_mirrored(images, digits):
    symmetric = np.isin(digits["y_train"], (0, 1, 8))
    known = {image[:, ::-1].tobytes() for image in images[symmetric]}
    known |= {image[::-1, ::-1].tobytes() for image in images[symmetric]}
    mirrored = make("mirrored", images, digits, 400)
    assert known.isdisjoint(drawing.tobytes() for drawing in mirrored)


def test_a_crop_is_within_a_window_of_14_pixels(images, digits):
    for drawing in make("cropped", images, digits):
        rows, columns = np.nonzero(drawing)
        assert max(np.ptp(rows), np.ptp(columns)) < 14


@pytest.mark.parametrize(
    ("kind", "side"),
    [
        *(("filled", 28), ("cut_out", 28), ("stained", 28), ("blotted", 40)),
        *(("branched", 56), ("framed", 56), ("tailed", 56)),
    ],
)
def test_shapes_and_figures_need_no_digits(kind, side):
    nothing = np.zeros((0, 28, 28), np.float32)
    drawings = KINDS[kind](nothing, [], 30, np.random.default_rng(0))
    assert drawings.shape == (30, side, side)
    assert drawings.dtype == np.float32
    assert 0 <= drawings.min() < drawings.max() <= 1
    assert drawings.any(axis=(1, 2)).mean() > 0.9


@pytest.mark.parametrize("kind", ["branched", "framed", "tailed", "blotted"])
def test_figures_and_blots_are_of_one_piece(kind, images, digits):
    for drawing in make(kind, images, digits):
        _, pieces = ndimage.label(drawing > 0, np.ones((3, 3)))
        assert pieces == 1


@pytest.mark.parametrize("kind", ["branched", "framed", "tailed"])
def test_figures_lie_within_the_sheet(kind, images, digits):
    for drawing in make(kind, images, digits):
        for edge in (drawing[0], drawing[-1], drawing[:, 0], drawing[:, -1]):
            assert not edge.any()
        assert max(np.ptp(axis) for axis in np.nonzero(drawing)) >= 39


def test_an_outline_without_more_strokes_goes_around_something(images, digits):
    framed = make("framed", images, digits)
    filled = np.array([ndimage.binary_fill_holes(drawing > 0.5) for drawing in framed])
    around = (filled & (framed <= 0.5)).sum(axis=(1, 2))
    assert (around > 50).mean() > 0.9
