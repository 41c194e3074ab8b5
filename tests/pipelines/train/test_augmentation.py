import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.pipelines.train.augmentation import (
    Augmentation,
    affine_transforms,
    augment,
)

NOTHING = {"rotation": 0.0, "shift": 0.0, "zoom": 0.0, "shear": 0.0}
ALL = {"rotation": 12.0, "shift": 2.5, "zoom": 0.12, "shear": 0.15}
SEED = np.array([1, 2])


def limits(**changes):
    return Augmentation.model_validate(NOTHING | changes)


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"][:100, ..., None] / 255).astype(np.float32)


def transform(augmentation, **drawn):
    """The matrix for one image with the given shares of the limits."""
    order = ("rotation", "shear", "across", "down", "right", "low")
    shares = np.array([[drawn.get(name, 0.0) for name in order]], np.float32)
    return affine_transforms(shares, 28, 28, augmentation).numpy()[0]


def source_of(matrix, x, y):
    a0, a1, a2, b0, b1, b2, *none = matrix
    assert none == [0, 0]
    return pytest.approx((a0 * x + a1 * y + a2, b0 * x + b1 * y + b2), abs=1e-4)


def test_without_limits_every_image_stays_as_it_is(images):
    np.testing.assert_array_equal(augment(images, SEED, limits()), images)


def test_only_a_shift_moves_the_centre():
    everything = transform(
        limits(**ALL | {"shift": 0.0}), rotation=1, shear=1, across=1, down=-1
    )
    assert source_of(everything, 13.5, 13.5) == (13.5, 13.5)


def test_a_rotation_is_by_its_degrees():
    matrix = transform(limits(rotation=30.0), rotation=1)
    cosine, sine = np.sqrt(3) / 2, 0.5
    assert source_of(matrix, 13.5 + 2, 13.5) == (13.5 + 2 * cosine, 13.5 + 2 * sine)
    assert transform(limits(rotation=30.0), rotation=-0.5) == pytest.approx(
        transform(limits(rotation=15.0), rotation=-1)
    )


def test_a_shift_is_in_pixels_across_and_down():
    matrix = transform(limits(shift=2.0), right=1, low=-0.5)
    assert source_of(matrix, 3, 4) == (5, 3)


def test_a_zoom_enlarges_across_and_down_by_its_fraction():
    matrix = transform(limits(zoom=0.25), across=1, down=-1)
    # what stands 5 to the right comes from 4; what stands 3 below from 4
    assert source_of(matrix, 13.5 + 5, 13.5 + 3) == (13.5 + 4, 13.5 + 4)


def test_a_shear_is_in_pixels_across_for_a_pixel_down():
    matrix = transform(limits(shear=0.2), shear=1)
    assert source_of(matrix, 13.5, 13.5 + 10) == (13.5 + 2, 13.5 + 10)


def test_no_digit_is_mirrored():
    rng = np.random.default_rng(0)
    drawn = rng.uniform(-1, 1, (1000, 6)).astype(np.float32)
    wildest = limits(rotation=45.0, shift=14.0, zoom=0.99, shear=1.0)
    for augmentation in (limits(**ALL), wildest):
        matrices = affine_transforms(drawn, 28, 28, augmentation).numpy()
        a0, a1, _, b0, b1, *_ = matrices.T
        assert (a0 * b1 - a1 * b0).min() > 0


def test_resampling_equals_scipys(images):
    augmentation = limits(**ALL)
    changed = augment(images[:8], SEED, augmentation).numpy()
    import tensorflow as tf

    drawn = tf.random.stateless_uniform((8, 6), SEED, minval=-1.0, maxval=1.0)
    matrices = affine_transforms(drawn, 28, 28, augmentation).numpy()
    for image, ours, (a0, a1, a2, b0, b1, b2, _, _) in zip(
        images, changed, matrices, strict=False
    ):
        theirs = ndimage.affine_transform(
            image[..., 0],
            [[b1, b0], [a1, a0]],
            offset=(b2, a2),
            order=1,
            mode="grid-constant",
        )
        np.testing.assert_allclose(ours[..., 0], theirs, atol=1e-4)


def test_augmentation_differs_between_images_and_depends_on_the_seed(images):
    same = np.repeat(images[:1], 20, axis=0)
    augmentation = limits(**ALL)
    first = augment(same, SEED, augmentation).numpy()
    assert len({image.tobytes() for image in first}) == 20
    np.testing.assert_array_equal(augment(same, SEED, augmentation), first)
    assert np.abs(augment(same, SEED + 1, augmentation) - first).max() > 0.1


def test_augmented_pixels_stay_in_0_to_1(images):
    changed = augment(images, SEED, limits(**ALL)).numpy()
    assert changed.dtype == np.float32
    assert changed.shape == images.shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    ink = changed.sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    assert 0.75 < ink.min() < ink.max() < 1.3
