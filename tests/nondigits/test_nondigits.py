import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.nondigits import KINDS, make_non_digits
from digit_recognition.nondigits.altered import CUT_DIGITS

STROKES = ("branching_strokes", "polygon_outlines", "arcs_with_strokes")
SIDES = {
    **dict.fromkeys(("superellipses", "polygons", "thresholded_noise"), 28),
    **{"blots": 40},
    **dict.fromkeys(STROKES, 56),
}


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"] / 255).astype(np.float32)


@pytest.fixture(scope="module")
def made(images, digits):
    return make_non_digits(images, digits["y_train"], 20 * len(KINDS), 0)


def make(kind, images, digits, count=40, seed=0):
    rng = np.random.default_rng(seed)
    return KINDS[kind](images, digits["y_train"], count, rng)


def test_non_digits_have_mnists_format(made):
    non_digits, _ = made
    assert non_digits.dtype == np.float32
    assert non_digits.shape == (20 * len(KINDS), 28, 28)
    assert 0 <= non_digits.min() < non_digits.max() <= 1
    assert (non_digits.max(axis=(1, 2)) > 0.99).mean() > 0.99
    centres = np.array(
        [ndimage.center_of_mass(image) for image in non_digits if image.any()]
    )
    assert (np.abs(centres - 14) < 1).all(axis=1).mean() > 0.95


def test_every_kind_is_drawn_equally_often(images, digits, made):
    names, counts = np.unique(made[1], return_counts=True)
    assert sorted(KINDS) == list(names)
    assert set(counts) == {20}
    non_digits, kinds = make_non_digits(images, digits["y_train"], 17, 0)
    assert len(non_digits) == len(kinds) == 17


def test_a_seed_reproduces_the_non_digits_and_another_seed_changes_them(
    images, digits, made
):
    labels = digits["y_train"]
    again, _ = make_non_digits(images, labels, len(made[0]), 0)
    np.testing.assert_array_equal(again, made[0])
    other, _ = make_non_digits(images, labels, len(made[0]), 1)
    assert (other != made[0]).any(axis=(1, 2)).mean() > 0.99


def test_the_given_images_are_not_changed(images, digits):
    before = images.copy()
    make_non_digits(images, digits["y_train"], 100, 0)
    np.testing.assert_array_equal(images, before)


def test_few_drawings_of_a_kind_are_equal_and_none_equals_a_digit(images, digits):
    known = {image.tobytes() for image in images}
    for kind in KINDS:
        drawings = make(kind, images, digits)
        found = {drawing.tobytes() for drawing in drawings}
        assert len(found) > 0.9 * len(drawings), kind
        assert known.isdisjoint(found), kind


def test_shuffled_quarters_come_from_digits(images, digits):
    shuffled = make("shuffled_quarters", images, digits)
    cut = images[np.isin(digits["y_train"], CUT_DIGITS)]
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
    mirrored = make("mirrored_digits", images, digits, 400)
    assert known.isdisjoint(drawing.tobytes() for drawing in mirrored)


def test_a_crop_is_at_most_14_pixels_wide_and_high(images, digits):
    for drawing in make("cropped_digits", images, digits):
        rows, columns = np.nonzero(drawing)
        assert max(np.ptp(rows), np.ptp(columns)) < 14


def test_shapes_and_strokes_are_drawn_without_digits():
    no_images = np.zeros((0, 28, 28), np.float32)
    for kind, side in SIDES.items():
        drawings = KINDS[kind](no_images, [], 30, np.random.default_rng(0))
        assert drawings.shape == (30, side, side), kind
        assert drawings.dtype == np.float32, kind
        assert 0 <= drawings.min() < drawings.max() <= 1, kind
        assert drawings.any(axis=(1, 2)).mean() > 0.9, kind


@pytest.mark.parametrize("kind", [*STROKES, "blots"])
def test_strokes_and_blots_are_one_connected_component(kind, images, digits):
    for drawing in make(kind, images, digits):
        _, components = ndimage.label(drawing > 0, np.ones((3, 3)))
        assert components == 1


@pytest.mark.parametrize("kind", STROKES)
def test_strokes_fill_the_sheet_inside_its_margin(kind, images, digits):
    for drawing in make(kind, images, digits):
        for edge in (drawing[0], drawing[-1], drawing[:, 0], drawing[:, -1]):
            assert not edge.any()
        assert max(np.ptp(axis) for axis in np.nonzero(drawing)) >= 39


def test_an_outline_encloses_an_area(images, digits):
    outlines = make("polygon_outlines", images, digits)
    filled = np.array(
        [ndimage.binary_fill_holes(drawing > 0.5) for drawing in outlines]
    )
    enclosed = (filled & (outlines <= 0.5)).sum(axis=(1, 2))
    assert (enclosed > 50).mean() > 0.9
