import numpy as np
import pytest
import tensorflow as tf
from kedro.validation import ModelInstantiationError
from scipy import ndimage

from digit_recognition.pipelines.train.paper import (
    Paper,
    add_noise,
    apply_light,
    apply_to_share,
    blur,
    cover_bars,
    cut_hole,
    draw_line,
    put_on_paper,
    sharpen,
)

SEED = np.array([1, 2])
EVERYTHING = {
    **{"share": 1.0, "lines": 0.3, "holes": 0.3, "blurred": 0.3, "sharpened": 0.3},
    **{"blur": 1.5, "sharpening": 8.0, "inverted": 0.5, "contrast": 0.2},
    **{"slope": 0.4, "bars": 0.4, "noisy": 0.5, "noise": 0.3},
}
NOTHING = EVERYTHING | {
    **{"lines": 0.0, "holes": 0.0, "blurred": 0.0, "sharpened": 0.0, "bars": 0.0},
    **{"noisy": 0.0, "inverted": 0.0, "contrast": 1.0, "slope": 0.0},
}


def paper(given=EVERYTHING, **changes):
    return Paper.model_validate(given | changes)


@pytest.fixture(scope="module")
def images(digits):
    return (digits["x_train"][:100] / 255).astype(np.float32)


def changed(images, **changes):
    return put_on_paper(images[..., None], SEED, paper(**changes)).numpy()[..., 0]


def test_a_share_of_the_images_is_changed_and_the_others_are_not(images):
    def negative(some, seed):
        return 1 - some

    found = apply_to_share(images, SEED, 0.3, negative).numpy()
    same = (found == images).all(axis=(1, 2))
    assert same.sum() == 70
    np.testing.assert_array_equal(found[~same], 1 - images[~same])
    assert apply_to_share(images, SEED, 0.0, negative) is images
    np.testing.assert_array_equal(
        apply_to_share(images, SEED, 1.0, negative), 1 - images
    )


def test_another_seed_chooses_other_images(images):
    def white(some, seed):
        return tf.ones_like(some)

    first, second = (
        apply_to_share(images, SEED + i, 0.3, white).numpy() for i in (0, 1)
    )
    assert not np.array_equal(first, second)


def test_images_outside_the_share_are_unchanged(images):
    half = changed(images, share=0.5)
    assert (half == images).all(axis=(1, 2)).sum() == 50


def test_paper_depends_on_the_seed_and_differs_between_images(images):
    one = np.repeat(images[:1], 30, axis=0)
    first = changed(one)
    np.testing.assert_array_equal(changed(one), first)
    assert len({image.tobytes() for image in first}) == 30


def test_pixels_stay_between_black_and_white(images):
    found = changed(images)
    assert found.dtype == np.float32
    assert found.shape == images.shape
    assert 0 <= found.min() < found.max() <= 1


def test_paper_without_any_change_returns_the_images(images):
    found = put_on_paper(images[..., None], SEED, paper(NOTHING)).numpy()[..., 0]
    np.testing.assert_allclose(found, images, atol=1e-6)


def test_a_line_is_straight_and_of_one_ink():
    black = np.zeros((200, 28, 28), np.float32)
    lines = draw_line(black, SEED).numpy()
    spreads, inks = [], []
    for line in lines:
        points = np.argwhere(line > 0.01)
        if len(points) > 40:  # not merely a corner
            spreads.append(np.sqrt(np.linalg.eigvalsh(np.cov(points.T))))
            inks.append(line.max())
    assert 0.15 <= min(inks) < 0.4
    assert 0.8 < max(inks) <= 1
    across, along = np.array(spreads).T
    assert len(spreads) > 100
    assert across.max() < 1.2  # pixels: bands of at most 3.4, so 3.4 / sqrt(12)
    assert along.max() > 7


def test_a_line_never_lowers_ink(images):
    lines = draw_line(images, SEED).numpy()
    assert (lines >= images).all()
    assert (lines > images).any(axis=(1, 2)).mean() > 0.9


def test_a_hole_is_a_black_rectangle(images):
    holed = cut_hole(images, SEED).numpy()
    assert ((holed == images) | (holed == 0)).all()
    white = np.ones((100, 28, 28), np.float32)
    for image in cut_hole(white, SEED).numpy():
        rows, columns = np.nonzero(image == 0)
        high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert high * wide == len(rows)
        assert 2 <= high <= 8
        assert 2 <= wide <= 8


def test_the_blur_equals_scipys():
    dot = np.zeros((1, 28, 28), np.float32)
    dot[0, 14, 14] = 1
    found = blur(dot, SEED, 1.5).numpy()[0]
    assert found.sum() == pytest.approx(1, abs=1e-3)
    # the logarithm of a Gaussian is a parabola, bent by -1 / sigma**2
    sigmas = [
        np.sqrt(-1 / np.diff(np.log(found.sum(axis=axis)[12:17]), 2)) for axis in (1, 0)
    ]
    np.testing.assert_allclose(np.ptp(sigmas, axis=1), 0, atol=1e-3)
    expected = ndimage.gaussian_filter(dot[0], np.mean(sigmas, axis=1))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_blurring_a_uniform_image_changes_nothing():
    grey = np.full((5, 28, 28), 0.4, np.float32)
    np.testing.assert_allclose(blur(grey, SEED, 3.0), 0.4, atol=1e-6)


def test_sharpening_raises_the_contrast_at_edges():
    step = np.zeros((100, 28, 28), np.float32)
    step[:, :, 14:] = 0.5
    sharp = sharpen(step, SEED, 8.0, 1.5).numpy()
    np.testing.assert_allclose(sharp[:, :, [0, -1]], step[:, :, [0, -1]], atol=1e-5)
    rim = sharp[:, 14, 14] - 0.5  # beside the step a blur takes away a quarter at most
    np.testing.assert_allclose(sharp[:, 14, 13], -rim, atol=1e-5)
    assert rim.min() >= 0
    assert 0.8 < rim.max() <= 8 * 0.25


def test_bars_cover_two_opposite_sides_and_not_the_middle():
    white = np.ones((200, 28, 28), np.float32)
    barred = cover_bars(white, SEED).numpy()
    covered = barred < 0.999
    assert not covered[:, 13:15, 13:15].any()
    assert barred.min() < 0.05
    down, right = np.indices((28, 28)) - 13.5
    halves = [(covered & (half > 0)).any(axis=(1, 2)) for half in (down, right)]
    others = [(covered & (half < 0)).any(axis=(1, 2)) for half in (down, right)]
    assert np.mean((halves[0] & others[0]) | (halves[1] & others[1])) > 0.9


def test_ink_and_paper_differ_by_at_least_the_contrast():
    half = np.zeros((300, 28, 28), np.float32)
    half[:, :, 14:] = 1
    lit = apply_light(half, SEED, paper(slope=0.0, contrast=0.3)).numpy()
    black, white = lit[:, 0, 0], lit[:, 0, 27]
    assert ((lit >= -1e-6) & (lit <= 1 + 1e-6)).all()
    assert np.abs(white - black).min() == pytest.approx(0.3, abs=0.02)
    assert np.abs(white - black).max() == pytest.approx(1, abs=0.02)
    assert (white < black).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("share", "found"), [(0.0, 0.0), (1.0, 1.0)])
def test_ink_is_darker_than_the_paper_in_the_share_of_inverted(share, found):
    half = np.zeros((50, 28, 28), np.float32)
    half[:, :, 14:] = 1
    lit = apply_light(half, SEED, paper(slope=0.0, inverted=share)).numpy()
    assert (lit[:, 0, 27] < lit[:, 0, 0]).mean() == found


def test_light_falls_off_linearly_by_at_most_the_slope():
    black = np.zeros((300, 28, 28), np.float32)
    lit = apply_light(black, SEED, paper(slope=0.4)).numpy()
    for axis in (1, 2):
        steps = np.diff(lit, axis=axis)
        assert np.ptp(steps, axis=(1, 2)).max() < 1e-5
    fall = np.hypot(lit[:, 27, 0] - lit[:, 0, 0], lit[:, 0, 27] - lit[:, 0, 0])
    assert 0.3 < fall.max() <= 0.4


def test_the_strength_of_the_noise_differs_between_images():
    grey = np.full((200, 28, 28), 0.5, np.float32)
    spread = (add_noise(grey, SEED, 0.2).numpy() - grey).std(axis=(1, 2))
    assert spread.min() < 0.02
    assert 0.18 < spread.max() < 0.22
    assert spread.mean() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("field", "value"),
    [("share", 1.5), ("contrast", 0.0), ("blur", 0.0), ("noise", "loud")],
)
def test_impossible_paper_is_refused(field, value):
    with pytest.raises(ModelInstantiationError, match=f"{field}: .*received {value!r}"):
        paper(**{field: value})
