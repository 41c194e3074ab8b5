import numpy as np
import pytest
from conftest import MNIST_C_SAMPLE
from scipy import ndimage
from sklearn.svm import SVC

from digit_recognition.corruptions import FAMILIES, MNIST_C, corrupt
from digit_recognition.errors import ProjectError


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"][::10, ..., None] / 255).astype(np.float32)


@pytest.fixture(scope="module")
def published():
    if not MNIST_C_SAMPLE.exists():
        pytest.skip("the sample of MNIST-C is not on this machine")
    with np.load(MNIST_C_SAMPLE) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def clean(published):
    return (published["identity"][..., None] / 255).astype(np.float32)


def one(pixel_values):
    """An image with the given values at the given pixels, black elsewhere."""
    image = np.zeros((1, 28, 28, 1), np.float32)
    for (row, column), value in pixel_values.items():
        image[0, row, column] = value
    return image


def change(images, corrupted):
    return np.abs(corrupted - images).mean()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strength", [1, 3, 5])
def test_a_family_gives_images_of_the_same_kind_and_changes_them(
    images, family, strength
):
    before = images.copy()
    corrupted = corrupt(images, family, strength, 0)
    np.testing.assert_array_equal(images, before)
    assert corrupted.dtype == np.float32
    assert corrupted.shape == images.shape
    assert 0 <= corrupted.min() < corrupted.max() <= 1
    assert change(images, corrupted) > 0.001


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_images_and_another_seed_others(images, family):
    first = corrupt(images, family, 3, 1)
    np.testing.assert_array_equal(corrupt(images, family, 3, 1), first)
    without_chance = {
        *("scale", "brightness", "stripe", "canny_edges", "contrast", "inversion"),
        *("jpeg", "low_resolution", "thin_strokes", "thick_strokes"),
    }
    same = np.array_equal(corrupt(images, family, 3, 2), first)
    assert same == (family in without_chance)


@pytest.mark.parametrize(
    "family",
    [
        *("shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear"),
        *("scale", "rotate", "brightness", "translate", "stripe", "fog"),
        *("dotted_line", "zigzag", "contrast", "elastic", "erased_patches"),
        *("ruled_paper", "jpeg", "low_resolution", "thin_strokes", "thick_strokes"),
    ],
)
def test_a_greater_strength_changes_more(images, family):
    changes = [change(images, corrupt(images, family, s, 0)) for s in (1, 3, 5)]
    assert changes == sorted(changes)
    assert changes[0] < 0.9 * changes[2]


@pytest.mark.parametrize("strength", [0, 6, 2.5, 2.0, True, "3"])
def test_a_strength_outside_of_1_to_5_is_refused(images, strength):
    with pytest.raises(ProjectError, match="strength of 1 to 5 for fog, received"):
        corrupt(images, "fog", strength, 0)


def test_an_unknown_family_is_refused_with_the_known_ones(images):
    with pytest.raises(ProjectError, match=r"shot_noise, .*; received 'frogs'"):
        corrupt(images, "frogs", 3, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_image_gives_none(family):
    none = np.zeros((0, 28, 28, 1), np.float32)
    assert corrupt(none, family, 3, 0).shape == none.shape


def test_brightness_lifts_black_and_leaves_white():
    corrupted = corrupt(one({(5, 5): 0.3, (6, 6): 1.0}), "brightness", 4, 0)
    assert corrupted[0, 0, 0, 0] == pytest.approx(0.4)
    assert corrupted[0, 5, 5, 0] == pytest.approx(0.7)
    assert corrupted[0, 6, 6, 0] == 1


def test_contrast_moves_to_the_mean_and_inversion_makes_ink_dark():
    image = np.zeros((1, 28, 28, 1), np.float32)
    image[:, :14] = 1
    low = corrupt(image, "contrast", 4, 0)
    np.testing.assert_allclose(low[:, :14], 0.55, atol=1e-6)
    np.testing.assert_allclose(low[:, 14:], 0.45, atol=1e-6)
    negative = corrupt(image, "inversion", 5, 0)
    np.testing.assert_array_equal(negative, 1 - image)


def test_a_stripe_is_the_negative_along_both_edges():
    striped = corrupt(one({(3, 2): 1.0, (3, 14): 1.0}), "stripe", 3, 0)[0, 3, :, 0]
    expected = [1.0] * 7 + [0.0] * 14 + [1.0] * 7
    expected[2], expected[14] = 0.0, 1.0
    assert striped.tolist() == expected


def test_translate_moves_every_image_by_whole_pixels_both_ways():
    dots = np.repeat(one({(14, 14): 1.0}), 40, axis=0)
    moved = corrupt(dots, "translate", 3, 0)
    places = {tuple(np.argwhere(image[..., 0] == 1)[0]) for image in moved}
    assert places == {(11, 11), (11, 17), (17, 11), (17, 17)}
    assert moved.sum() == 40


def test_shear_rotate_and_scale_keep_the_centre_and_move_by_their_measure():
    def weighed(image):
        return np.array(ndimage.center_of_mass(image[..., 0])) - 13.5

    dots = np.repeat(one({(13 + i, 22 + j): 1.0 for i in (0, 1) for j in (0, 1)}), 8, 0)
    angle = 0.4
    assert weighed(corrupt(dots, "scale", 5, 0)[0]) == pytest.approx([0, 4.5], abs=0.1)
    for image in corrupt(dots, "rotate", 2, 0):
        down, right = weighed(image)
        assert abs(down) == pytest.approx(9 * np.sin(angle), abs=0.1)
        assert right == pytest.approx(9 * np.cos(angle), abs=0.1)
    low = np.repeat(one({(22 + i, 13 + j): 1.0 for i in (0, 1) for j in (0, 1)}), 8, 0)
    for image in corrupt(low, "shear", 2, 0):
        down, right = weighed(image)
        assert down == pytest.approx(9, abs=0.1)
        assert abs(right) == pytest.approx(9 * np.tan(angle), abs=0.1)


def test_noise_has_the_share_and_the_levels_of_its_strength():
    grey = np.full((20, 28, 28, 1), 0.5, np.float32)
    salted = corrupt(grey, "impulse_noise", 4, 0)
    assert (salted == 1).mean() == pytest.approx(0.085, abs=0.01)
    assert (salted == 0).mean() == pytest.approx(0.085, abs=0.01)
    counted = corrupt(grey, "shot_noise", 5, 0)
    assert set(np.unique(counted * 3).round(4)) == {0, 1, 2, 3}
    # of a Poisson count with a mean of 1.5: none with exp(-1.5)
    assert (counted == 0).mean() == pytest.approx(0.2231, abs=0.01)


def test_blurs_keep_ink_that_is_far_from_the_edge():
    dot = np.repeat(one({(14, 14): 1.0}), 30, axis=0)
    for family in ("glass_blur", "motion_blur"):
        ink = corrupt(dot, family, 1, 0).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(ink, 1, atol=0.01)


def test_lines_leave_the_ink_and_add_white_of_their_own(images):
    for family in ("dotted_line", "zigzag", "ruled_paper"):
        corrupted = corrupt(images, family, 3, 0)
        assert (corrupted >= images).all()
        added = (corrupted - images > 0.2).sum(axis=(1, 2, 3))
        assert 10 < np.median(added) < 200


def test_erased_patches_are_black_and_the_rest_stays(images):
    erased = corrupt(images, "erased_patches", 3, 0)
    assert ((erased == images) | (erased == 0)).all()
    white = np.ones((5, 28, 28, 1), np.float32)
    holes = (corrupt(white, "erased_patches", 3, 0) == 0).sum(axis=(1, 2, 3))
    assert ((holes >= 36) & (holes <= 72)).all()
    many = corrupt(white.repeat(100, axis=0), "erased_patches", 3, 0).min(axis=0)
    expected = np.ones((28, 28, 1))
    expected[4:24, 4:24] = 0
    np.testing.assert_array_equal(many, expected)


def test_strokes_grow_thinner_and_thicker_and_edges_are_their_outline():
    bar = np.zeros((1, 28, 28, 1), np.float32)
    bar[:, 4:24, 12:16] = 1
    widths = [
        corrupt(bar, family, 5, 0)[0, 14].sum()
        for family in ("thin_strokes", "thick_strokes")
    ]
    assert widths == [2, 8]
    edges = corrupt(bar, "canny_edges", 3, 0)[0, 14, :, 0]
    assert set(edges) == {0, 1}
    assert edges.sum() == 2
    assert edges[13:15].sum() == 0


def test_fog_is_uneven_and_takes_contrast_away(images):
    fog = corrupt(np.zeros((30, 28, 28, 1), np.float32), "fog", 5, 0)
    assert fog.max() == 0  # as bright as the ink, of which there is none
    white = one({(14, 14): 1.0}).repeat(30, axis=0)
    fog = corrupt(white, "fog", 5, 0)
    assert fog.max() <= 1
    assert fog.std(axis=(1, 2, 3)).min() > 0.01
    differences = np.abs(np.diff(fog, axis=2)).mean()
    assert differences < 0.5 * fog.std(axis=(1, 2, 3)).mean()  # it is smooth


@pytest.mark.mnist
@pytest.mark.mnist_c
def test_a_fixed_model_errs_on_ours_as_on_the_published_corruptions(
    whole_mnist, published, clean
):
    mnist = np.load(whole_mnist)
    labels = mnist["y_train"][published["index"]]
    others = np.setdiff1d(np.arange(60000), published["index"])[:8000]
    model = SVC(C=5, gamma=0.02).fit(
        mnist["x_train"][others].reshape(-1, 784) / 255, mnist["y_train"][others]
    )

    def accuracy(images):
        return (model.predict(images.reshape(-1, 784)) == labels).mean()

    assert accuracy(clean) > 0.95
    for family, strength in MNIST_C.items():
        ours = accuracy(corrupt(clean, family, strength, 0))
        theirs = accuracy(published[family] / 255)
        assert ours == pytest.approx(theirs, abs=0.03), family


@pytest.mark.mnist_c
@pytest.mark.parametrize("family", ["scale", "brightness", "stripe", "canny_edges"])
def test_where_nothing_is_drawn_images_are_the_published_ones(published, clean, family):
    ours = corrupt(clean, family, MNIST_C[family], 0)[..., 0] * 255
    np.testing.assert_allclose(ours, published[family], atol=1)


@pytest.mark.mnist_c
@pytest.mark.parametrize("family", MNIST_C)
def test_grey_levels_and_changes_are_the_published_ones(published, clean, family):
    ours = corrupt(clean, family, MNIST_C[family], 0)[..., 0] * 255
    theirs = published[family].astype(float)
    before = published["identity"].astype(float)
    assert ours.mean() == pytest.approx(theirs.mean(), rel=0.04)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.04)
    changes = [np.abs(images - before).mean() for images in (ours, theirs)]
    assert changes[0] == pytest.approx(changes[1], rel=0.06)
