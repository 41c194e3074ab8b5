import numpy as np
import pytest
from imaging.pages import (
    INK,
    PAPER,
    blank,
    edged,
    framed,
    inverted,
    lines_on,
    noisy,
    page_of,
    row_of,
    ruled,
    shaded,
    shadowed,
    specked,
    squared,
    write,
)
from scipy import ndimage

from digit_recognition.imaging.ink import (
    Ink,
    find_ink,
    ink_is_dark,
    noise_level,
    otsu,
    reduced,
    resized,
    slope_of_light,
    stroke_width,
    weighted_quantile,
)

BAR = np.s_[50:150, 100:112]
DENSITY = (PAPER - INK) / PAPER


def page_with_a_bar(ink=INK):
    page = blank()
    page[BAR] = ink
    return page


def is_bar(mask, margin=0):
    """Whether the mask is the bar, give or take a margin at its edge, in pixels."""
    rows, columns = BAR
    more, less = (
        np.s_[rows.start - m : rows.stop + m, columns.start - m : columns.stop + m]
        for m in (margin, -margin)
    )
    return mask[less].all() and mask.sum() == mask[more].sum()


@pytest.mark.parametrize(
    "condition", [shaded, shadowed, noisy, ruled, squared, framed, specked]
)
def test_dark_ink_is_told_from_light_ink(digits, condition):
    for image in digits["x_test"][::7]:
        page = condition(page_of(image))
        assert ink_is_dark(page)
        assert not ink_is_dark(inverted(page))


def test_the_polarity_of_a_digit_that_fills_its_page_is_found(digits):
    for image in digits["x_train"][::10]:
        rows, columns = np.nonzero(image)
        tight = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        page = write(np.full(tight.shape, PAPER).repeat(3, 0).repeat(3, 1), tight, 0, 0)
        assert ink_is_dark(page)
        assert not ink_is_dark(inverted(page))


def test_a_page_of_one_grey_has_dark_ink_and_none_of_it():
    for grey in (0.0, 0.4, 1.0):
        page = np.full((50, 70), grey, np.float32)
        assert ink_is_dark(page)
        assert not find_ink(page).traces.any()


def test_the_density_of_ink_is_relative_to_the_paper_around_it():
    ink = find_ink(page_with_a_bar())
    assert ink.density.dtype == np.float32
    np.testing.assert_allclose(ink.density[BAR], DENSITY, atol=1e-3)
    np.testing.assert_allclose(np.delete(ink.density, BAR[1], axis=1), 0, atol=1e-3)
    assert is_bar(ink.traces)
    assert is_bar(ink.strokes(ink.traces))


def test_half_the_light_leaves_the_density_as_it_was():
    ink = find_ink(shaded(page_with_a_bar()))
    np.testing.assert_allclose(ink.density[BAR], DENSITY, atol=0.02)
    assert is_bar(ink.strokes(ink.traces))


def test_a_stain_is_paper_where_it_is_wider_than_a_few_strokes():
    page = blank()
    page[60:140, 10:90] = 0.7
    page = ndimage.gaussian_filter(page, 3)
    page[BAR] = INK
    ink = find_ink(page)
    assert is_bar(ink.traces)
    np.testing.assert_allclose(ink.density[60:140, 10:90], 0, atol=0.03)


def test_light_ink_on_dark_is_the_same_ink():
    page = page_with_a_bar()
    np.testing.assert_allclose(
        find_ink(inverted(page)).density, find_ink(page).density, atol=1e-6
    )


def test_ink_is_found_in_noise_but_noise_is_none():
    ink = find_ink(noisy(page_with_a_bar()))
    assert is_bar(ink.strokes(ink.traces), margin=1)
    for spread in (0.04, 0.08, 0.15):
        assert find_ink(noisy(blank() * 0.6, spread)).traces.mean() < 0.001


@pytest.mark.parametrize("ink", [0.15, 0.6, 0.75])
def test_pencil_is_ink_as_a_marker_is(ink):
    found = find_ink(page_with_a_bar(ink))
    assert is_bar(found.strokes(found.traces))


def test_what_is_faint_beside_other_ink_is_no_stroke():
    page = page_with_a_bar()
    page[60:140, 200:212] = 0.78
    page[60:140, 30:42] = 0.5
    ink = find_ink(page)
    assert ink.traces[60:140, 200:212].all()
    strokes = ink.strokes(ink.traces)
    assert not strokes[:, 190:].any()
    assert strokes[60:140, 30:42].all()


def test_where_there_are_no_traces_there_are_no_strokes():
    nothing = np.zeros((5, 7), np.float32)
    ink = Ink(nothing, nothing, 0.06, 1.0)
    assert ink.traces.shape == (5, 7)
    assert not ink.strokes(ink.traces).any()


@pytest.mark.parametrize("width", [2, 4, 9, 20])
def test_the_width_of_strokes_is_measured_wherever_they_lead(width):
    for line in (((30, 50), (250, 50)), ((50, 20), (50, 180)), ((40, 30), (240, 150))):
        mask = lines_on(blank(), [line], width) < 0.5
        length = np.hypot(*np.subtract(*line)) + 1
        assert stroke_width(mask) == pytest.approx(mask.sum() / length, rel=0.15)


def test_without_strokes_their_width_is_1():
    assert stroke_width(np.zeros((9, 9), bool)) == 1


def test_the_usual_width_of_strokes_is_told_with_the_ink():
    assert find_ink(page_with_a_bar()).stroke == pytest.approx(12, rel=0.15)


def test_the_level_of_noise_is_its_standard_deviation_whatever_is_written(digits):
    flat = noisy(np.full((200, 280), 0.5, np.float32))
    left_by_a_mean_of_nine = np.sqrt(8 / 9)
    expected = 0.04 * left_by_a_mean_of_nine
    assert noise_level(flat) == pytest.approx(expected, rel=0.03)
    written = row_of(digits["x_test"][:2])
    assert noise_level(written) == 0
    assert noise_level(noisy(written)) == pytest.approx(expected, rel=0.15)


def test_a_threshold_stands_between_paper_and_ink_and_above_one_grey():
    density = np.array([0.1] * 90 + [0.8] * 10, np.float32)
    assert 0.1 <= otsu(density) < 0.8
    assert otsu(np.full(9, 0.3, np.float32)) == 1


def test_a_page_is_reduced_by_area_averaging_and_never_enlarged():
    page = np.random.default_rng(0).random((60, 100), np.float32)
    blocks = page.reshape(12, 5, 20, 5).mean(axis=(1, 3))
    np.testing.assert_allclose(reduced(page, 20), blocks, atol=1e-6)
    assert reduced(page, 100) is page
    assert reduced(np.ones((1, 500), np.float32), 50).shape == (1, 50)


def test_a_page_resized_keeps_its_grey():
    page = np.full((6, 8), 0.3)
    large = resized(page, (60, 90))
    assert (large.shape, large.dtype) == ((60, 90), np.float32)
    np.testing.assert_allclose(large, 0.3, atol=1e-6)


def test_a_weighted_quantile_counts_each_value_by_its_weight():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([5, 4, 1])
    repeated = np.sort(np.repeat(values, weights))  # 1 1 1 1 2 3 3 3 3 3
    for share in (0.05, 0.35, 0.45, 0.55, 0.95):
        expected = repeated[int(share * len(repeated))]
        assert weighted_quantile(values, weights, share) == expected
    assert weighted_quantile(values, weights, 1) == 3


def test_the_dark_edge_of_a_scan_does_not_turn_the_polarity(digits):
    assert ink_is_dark(edged(page_of(digits["x_test"][30])))


def test_light_that_falls_across_the_page_is_found_whatever_is_written(digits):
    light = 1.2 - 0.4 * np.linspace(0, 1, 200, dtype=np.float32)
    found = slope_of_light(page_of(digits["x_test"][3]) / PAPER * light)
    np.testing.assert_allclose(found, np.tile(light, (140, 1)), atol=0.01)


def test_even_paper_and_a_page_of_one_pixel_have_even_light():
    for page in (np.full((30, 40), 0.7, np.float32), np.zeros((1, 1), np.float32)):
        np.testing.assert_allclose(slope_of_light(page), np.ones(page.shape), atol=1e-4)


def test_paper_that_gets_darker_towards_its_side_is_no_ink():
    light = np.tile(0.95 - 0.6 * np.linspace(0, 1, 224, dtype=np.float32), (224, 1))
    light[np.arange(224) % 50 < 2] *= 0.8  # ruled
    light[60:160, 100:110] *= 0.35
    ink = find_ink(light)
    assert ink.traces[60:160, 100:110].all()
    assert not ink.traces[4:48, 200:].any()
