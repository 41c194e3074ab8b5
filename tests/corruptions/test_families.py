import numpy as np
import pytest
from conftest import MNIST_C_SAMPLE
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.pipeline import make_pipeline

from digit_recognition.corruptions import FAMILIES, MNIST_C, corrupt
from digit_recognition.errors import ProjectError

pytestmark = pytest.mark.runs


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


@pytest.fixture(scope="module")
def corrupted_as_published(clean):
    """Our corruptions of MNIST-C's original images, in 0..1, by family."""
    return {
        family: corrupt(clean, family, strength, 0)[..., 0]
        for family, strength in MNIST_C.items()
    }


def draw_pixels(pixel_values):
    """Return an image with the given values at the given pixels, black elsewhere."""
    image = np.zeros((1, 28, 28, 1), np.float32)
    for (row, column), value in pixel_values.items():
        image[0, row, column] = value
    return image


def mean_change(images, corrupted):
    return np.abs(corrupted - images).mean()


def test_every_family_changes_images_and_keeps_their_format(images):
    before = images.copy()
    for family in FAMILIES:
        for strength in (1, 3, 5):
            case = f"{family}, strength {strength}"
            corrupted = corrupt(images, family, strength, 0)
            np.testing.assert_array_equal(images, before, case)
            assert corrupted.dtype == np.float32, case
            assert corrupted.shape == images.shape, case
            assert 0 <= corrupted.min() < corrupted.max() <= 1, case
            assert mean_change(images, corrupted) > 0.001, case


def test_a_seed_reproduces_images_and_another_seed_changes_those_drawn_at_random(
    images,
):
    not_random = {
        *("scale", "brightness", "stripe", "canny_edges", "contrast", "inversion"),
        *("jpeg", "low_resolution", "thin_strokes", "thick_strokes"),
    }
    for family in FAMILIES:
        first = corrupt(images, family, 3, 1)
        np.testing.assert_array_equal(corrupt(images, family, 3, 1), first, family)
        same = np.array_equal(corrupt(images, family, 3, 2), first)
        assert same == (family in not_random), family


def test_a_greater_strength_changes_more(images):
    # MNIST-C's spatter covers fewer pixels at strength 5 than at strength 3
    for family in FAMILIES.keys() - {"spatter"}:
        changes = [
            mean_change(images, corrupt(images, family, strength, 0))
            for strength in (1, 3, 5)
        ]
        assert changes == sorted(changes), family
        assert changes[0] < 0.9 * changes[2], family


@pytest.mark.parametrize("strength", [0, 6, 2.5, 2.0, True, "3"])
def test_a_strength_other_than_an_integer_from_1_to_5_is_refused(images, strength):
    with pytest.raises(ProjectError, match="strength of 1 to 5 for fog, received"):
        corrupt(images, "fog", strength, 0)


def test_an_unknown_family_is_refused_and_the_known_ones_are_listed(images):
    message = "expected a family, received 'frogs'; use one of shot_noise, "
    with pytest.raises(ProjectError, match=message):
        corrupt(images, "frogs", 3, 0)


def test_an_empty_array_stays_empty():
    empty = np.zeros((0, 28, 28, 1), np.float32)
    for family in FAMILIES:
        assert corrupt(empty, family, 3, 0).shape == empty.shape, family


def test_brightness_lifts_black_and_leaves_white():
    corrupted = corrupt(draw_pixels({(5, 5): 0.3, (6, 6): 1.0}), "brightness", 4, 0)
    assert corrupted[0, 0, 0, 0] == pytest.approx(0.4)
    assert corrupted[0, 5, 5, 0] == pytest.approx(0.7)
    assert corrupted[0, 6, 6, 0] == 1


def test_contrast_moves_pixels_to_the_mean_and_inversion_makes_ink_dark():
    image = np.zeros((1, 28, 28, 1), np.float32)
    image[:, :14] = 1
    low = corrupt(image, "contrast", 4, 0)
    np.testing.assert_allclose(low[:, :14], 0.55, atol=1e-6)
    np.testing.assert_allclose(low[:, 14:], 0.45, atol=1e-6)
    negative = corrupt(image, "inversion", 5, 0)
    np.testing.assert_array_equal(negative, 1 - image)


def test_a_stripe_is_the_negative_along_both_edges():
    image = draw_pixels({(3, 2): 1.0, (3, 14): 1.0})
    striped = corrupt(image, "stripe", 3, 0)[0, 3, :, 0]
    expected = [1.0] * 7 + [0.0] * 14 + [1.0] * 7
    expected[2], expected[14] = 0.0, 1.0
    assert striped.tolist() == expected


def test_translate_moves_images_by_whole_pixels_along_both_axes():
    dots = np.repeat(draw_pixels({(14, 14): 1.0}), 40, axis=0)
    moved = corrupt(dots, "translate", 3, 0)
    places = {tuple(np.argwhere(image[..., 0] == 1)[0]) for image in moved}
    assert places == {(11, 11), (11, 17), (17, 11), (17, 17)}
    assert moved.sum() == 40


def test_shear_rotate_and_scale_move_dots_by_the_documented_amount():
    def offset_from_centre(image):
        return np.array(ndimage.center_of_mass(image[..., 0])) - 13.5

    dots = np.zeros((8, 28, 28, 1), np.float32)
    dots[:, 13:15, 22:24] = 1
    angle = 0.4
    scaled = corrupt(dots, "scale", 5, 0)[0]
    assert offset_from_centre(scaled) == pytest.approx([0, 4.5], abs=0.1)
    for image in corrupt(dots, "rotate", 2, 0):
        down, right = offset_from_centre(image)
        assert abs(down) == pytest.approx(9 * np.sin(angle), abs=0.1)
        assert right == pytest.approx(9 * np.cos(angle), abs=0.1)
    for image in corrupt(dots.swapaxes(1, 2), "shear", 2, 0):
        down, right = offset_from_centre(image)
        assert down == pytest.approx(9, abs=0.1)
        assert abs(right) == pytest.approx(9 * np.tan(angle), abs=0.1)


def test_noise_has_the_share_of_pixels_and_the_levels_of_its_strength():
    grey = np.full((20, 28, 28, 1), 0.5, np.float32)
    salted = corrupt(grey, "impulse_noise", 4, 0)
    assert (salted == 1).mean() == pytest.approx(0.085, abs=0.01)
    assert (salted == 0).mean() == pytest.approx(0.085, abs=0.01)
    counted = corrupt(grey, "shot_noise", 5, 0)
    assert set(np.unique(counted * 3).round(4)) == {0, 1, 2, 3}
    # a Poisson count with a mean of 1.5 is 0 with probability exp(-1.5)
    assert (counted == 0).mean() == pytest.approx(0.2231, abs=0.01)


def test_blurs_keep_the_amount_of_ink():
    dot = np.repeat(draw_pixels({(14, 14): 1.0}), 30, axis=0)
    for family in ("glass_blur", "motion_blur"):
        ink = corrupt(dot, family, 1, 0).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(ink, 1, atol=0.01)


def test_lines_brighten_pixels_and_darken_none(images):
    for family in ("dotted_line", "zigzag", "ruled_paper"):
        corrupted = corrupt(images, family, 3, 0)
        assert (corrupted >= images).all()
        added = (corrupted - images > 0.2).sum(axis=(1, 2, 3))
        assert 10 < np.median(added) < 200


def test_erased_patches_are_black_and_other_pixels_stay(images):
    erased = corrupt(images, "erased_patches", 3, 0)
    assert ((erased == images) | (erased == 0)).all()
    white = np.ones((5, 28, 28, 1), np.float32)
    holes = (corrupt(white, "erased_patches", 3, 0) == 0).sum(axis=(1, 2, 3))
    assert ((holes >= 36) & (holes <= 72)).all()
    many = corrupt(white.repeat(100, axis=0), "erased_patches", 3, 0).min(axis=0)
    expected = np.ones((28, 28, 1))
    expected[4:24, 4:24] = 0
    np.testing.assert_array_equal(many, expected)


def test_strokes_become_thinner_or_thicker_and_canny_keeps_their_outline():
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


def test_fog_is_uneven_and_smooth(images):
    fog = corrupt(np.zeros((30, 28, 28, 1), np.float32), "fog", 5, 0)
    assert fog.max() == 0  # fog is at most as bright as the ink
    white = draw_pixels({(14, 14): 1.0}).repeat(30, axis=0)
    fog = corrupt(white, "fog", 5, 0)
    assert fog.max() <= 1
    assert fog.std(axis=(1, 2, 3)).min() > 0.01
    differences = np.abs(np.diff(fog, axis=2)).mean()
    assert differences < 0.5 * fog.std(axis=(1, 2, 3)).mean()


@pytest.mark.mnist
@pytest.mark.mnist_c
def test_a_classifier_is_as_accurate_on_our_corruptions_as_on_the_published_ones(
    whole_mnist, published, clean, corrupted_as_published
):
    with np.load(whole_mnist) as mnist:
        x_train, y_train = mnist["x_train"], mnist["y_train"]
    others = np.setdiff1d(np.arange(len(x_train)), published["index"])[:8000]
    classifier = make_pipeline(
        PCA(60, svd_solver="covariance_eigh"),
        QuadraticDiscriminantAnalysis(reg_param=0.02),
    ).fit(x_train[others].reshape(-1, 784) / np.float32(255), y_train[others])

    def accuracy(images):
        found = classifier.predict(images.reshape(-1, 784))
        return (found == y_train[published["index"]]).mean()

    assert accuracy(clean) > 0.94
    for family, ours in corrupted_as_published.items():
        theirs = accuracy(published[family] / np.float32(255))
        assert accuracy(ours) == pytest.approx(theirs, abs=0.025), family


@pytest.mark.mnist_c
def test_families_without_randomness_equal_the_published_images(
    published, corrupted_as_published
):
    for family in ("scale", "brightness", "stripe", "canny_edges"):
        ours = corrupted_as_published[family] * 255
        np.testing.assert_allclose(ours, published[family], atol=1, err_msg=family)


@pytest.mark.mnist_c
def test_grey_levels_and_changes_are_close_to_the_published_ones(
    published, corrupted_as_published
):
    before = published["identity"].astype(float)
    for family, corrupted in corrupted_as_published.items():
        ours, theirs = corrupted * 255, published[family].astype(float)
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.04), family
        assert ours.std() == pytest.approx(theirs.std(), rel=0.04), family
        our_change = mean_change(before, ours)
        assert our_change == pytest.approx(mean_change(before, theirs), rel=0.06), (
            family
        )
