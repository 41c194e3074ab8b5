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
    estimate_illumination,
    find_ink,
    find_ink_locally,
    ink_seems_dark,
    light_is_even,
    noise_level,
    otsu_threshold,
    reduced,
    resized,
    stroke_width,
)

BAR = np.s_[50:150, 100:112]
DENSITY = (PAPER - INK) / PAPER


def page_with_a_bar(ink=INK):
    page = blank()
    page[BAR] = ink
    return page


def is_bar(mask, margin=0):
    """Return whether the mask is the bar, within a margin in pixels at its edge."""
    rows, columns = BAR
    more, less = (
        np.s_[rows.start - m : rows.stop + m, columns.start - m : columns.stop + m]
        for m in (margin, -margin)
    )
    return mask[less].all() and mask.sum() == mask[more].sum()


@pytest.mark.parametrize(
    "condition", [shaded, shadowed, noisy, ruled, squared, framed, specked]
)
def test_dark_and_light_ink_are_distinguished(digits, condition):
    for image in digits["x_test"][::7]:
        page = condition(page_of(image))
        assert ink_seems_dark(page)
        assert not ink_seems_dark(inverted(page))


def test_the_polarity_of_a_digit_that_fills_its_page_is_found(digits):
    for image in digits["x_train"][::10]:
        rows, columns = np.nonzero(image)
        tight = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        page = write(np.full(tight.shape, PAPER).repeat(3, 0).repeat(3, 1), tight, 0, 0)
        assert ink_seems_dark(page)
        assert not ink_seems_dark(inverted(page))


def test_a_page_of_one_grey_level_has_no_ink():
    for grey in (0.0, 0.4, 1.0):
        page = np.full((50, 70), grey, np.float32)
        assert ink_seems_dark(page)
        assert not find_ink(page).traces.any()


def test_the_density_of_ink_is_relative_to_the_paper_around_it():
    ink = find_ink(page_with_a_bar())
    assert ink.density.dtype == np.float32
    np.testing.assert_allclose(ink.density[BAR], DENSITY, atol=1e-3)
    np.testing.assert_allclose(np.delete(ink.density, BAR[1], axis=1), 0, atol=1e-3)
    assert is_bar(ink.traces)
    assert is_bar(ink.strokes(ink.traces))


def test_uneven_light_does_not_change_the_density():
    ink = find_ink(shaded(page_with_a_bar()))
    np.testing.assert_allclose(ink.density[BAR], DENSITY, atol=0.02)
    assert is_bar(ink.strokes(ink.traces))


def test_a_stain_wider_than_a_few_strokes_is_paper():
    page = blank()
    page[60:140, 10:90] = 0.7
    page = ndimage.gaussian_filter(page, 3)
    page[BAR] = INK
    ink = find_ink(page)
    assert is_bar(ink.traces)
    np.testing.assert_allclose(ink.density[60:140, 10:90], 0, atol=0.03)


def test_light_ink_on_dark_paper_has_the_same_density():
    page = page_with_a_bar()
    np.testing.assert_allclose(
        find_ink(inverted(page)).density, find_ink(page).density, atol=1e-6
    )


def test_ink_is_found_in_noise_and_noise_alone_is_no_ink():
    ink = find_ink(noisy(page_with_a_bar()))
    assert is_bar(ink.strokes(ink.traces), margin=1)
    for spread in (0.04, 0.08, 0.15):
        assert find_ink(noisy(blank() * 0.6, spread)).traces.mean() < 0.001


@pytest.mark.parametrize("ink", [0.15, 0.6, 0.75])
def test_faint_pencil_is_found_as_well_as_marker(ink):
    found = find_ink(page_with_a_bar(ink))
    assert is_bar(found.strokes(found.traces))


def test_marks_much_fainter_than_the_other_ink_are_no_strokes():
    page = page_with_a_bar()
    page[60:140, 200:212] = 0.78
    page[60:140, 30:42] = 0.5
    ink = find_ink(page)
    assert ink.traces[60:140, 200:212].all()
    strokes = ink.strokes(ink.traces)
    assert not strokes[:, 190:].any()
    assert strokes[60:140, 30:42].all()


def test_a_page_without_traces_has_no_strokes():
    nothing = np.zeros((5, 7), np.float32)
    ink = Ink(nothing, nothing, nothing, 0.06, 1.0)
    assert ink.traces.shape == (5, 7)
    assert not ink.strokes(ink.traces).any()


@pytest.mark.parametrize("width", [2, 4, 9, 20])
def test_the_stroke_width_is_measured_in_every_direction(width):
    for line in (((30, 50), (250, 50)), ((50, 20), (50, 180)), ((40, 30), (240, 150))):
        mask = lines_on(blank(), [line], width) < 0.5
        length = np.hypot(*np.subtract(*line)) + 1
        assert stroke_width(mask) == pytest.approx(mask.sum() / length, rel=0.15)


@pytest.mark.parametrize("place", [np.s_[:9, :7], np.s_[-9:, -7:], np.s_[20:29, 3:10]])
def test_the_stroke_width_does_not_depend_on_the_paper_around_the_mask(place):
    mask = np.zeros((60, 50), bool)
    mask[place] = np.random.default_rng(2).random((9, 7)) < 0.8
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    assert stroke_width(mask) == max(1, 4 * distance[mask].mean() - 2)


def test_the_stroke_width_of_an_empty_mask_is_1():
    assert stroke_width(np.zeros((9, 9), bool)) == 1


def test_the_ink_has_the_typical_stroke_width():
    assert find_ink(page_with_a_bar()).stroke == pytest.approx(12, rel=0.15)


def test_the_noise_level_is_the_standard_deviation_with_and_without_ink(digits):
    flat = noisy(np.full((200, 280), 0.5, np.float32))
    left_after_subtracting_the_mean_of_nine = np.sqrt(8 / 9)
    expected = 0.04 * left_after_subtracting_the_mean_of_nine
    assert noise_level(flat) == pytest.approx(expected, rel=0.03)
    written = row_of(digits["x_test"][:2])
    assert noise_level(written) == 0
    assert noise_level(noisy(written)) == pytest.approx(expected, rel=0.15)


def test_otsus_threshold_separates_paper_from_ink_and_is_1_for_one_level():
    density = np.array([0.1] * 90 + [0.8] * 10, np.float32)
    assert 0.1 <= otsu_threshold(density) < 0.8
    assert otsu_threshold(np.full(9, 0.3, np.float32)) == 1


def test_a_page_is_reduced_by_area_averaging_and_never_enlarged():
    page = np.random.default_rng(0).random((60, 100), np.float32)
    blocks = page.reshape(12, 5, 20, 5).mean(axis=(1, 3))
    np.testing.assert_allclose(reduced(page, 20), blocks, atol=1e-6)
    assert reduced(page, 100) is page
    assert reduced(np.ones((1, 500), np.float32), 50).shape == (1, 50)


def test_a_resized_page_keeps_its_grey_level():
    page = np.full((6, 8), 0.3)
    large = resized(page, (60, 90))
    assert (large.shape, large.dtype) == ((60, 90), np.float32)
    np.testing.assert_allclose(large, 0.3, atol=1e-6)


def test_the_dark_border_of_a_scan_does_not_make_ink_light(digits):
    assert ink_seems_dark(edged(page_of(digits["x_test"][30])))


def test_light_that_falls_off_across_the_page_is_estimated(digits):
    light = 1.2 - 0.4 * np.linspace(0, 1, 200, dtype=np.float32)
    found = estimate_illumination(page_of(digits["x_test"][3]) / PAPER * light)
    np.testing.assert_allclose(found, np.tile(light, (140, 1)), atol=0.01)


def test_a_uniform_page_has_uniform_illumination():
    for page in (np.full((30, 40), 0.7, np.float32), np.zeros((1, 1), np.float32)):
        np.testing.assert_allclose(
            estimate_illumination(page), np.ones(page.shape), atol=1e-4
        )


def test_paper_that_darkens_towards_one_side_is_no_ink():
    light = np.tile(0.95 - 0.6 * np.linspace(0, 1, 224, dtype=np.float32), (224, 1))
    light[np.arange(224) % 50 < 2] *= 0.8  # ruled
    light[60:160, 100:110] *= 0.35
    ink = find_ink(light)
    assert ink.traces[60:160, 100:110].all()
    assert not ink.traces[4:48, 200:].any()


def small_bar():
    page = blank(200, 300)
    page[80:120, 200:204] = INK
    return page


def in_corner_shade(page):
    """Darken the page towards the corners, down to a quarter of its brightness."""
    down, across = (np.linspace(-1, 1, side) for side in page.shape)
    return (page * (1 - 0.375 * (down[:, None] ** 2 + across**2))).astype(np.float32)


@pytest.mark.parametrize("light", [np.array, shaded, shadowed, in_corner_shade])
def test_small_ink_is_found_locally_in_any_light(light):
    page = light(small_bar())
    for one in (page, inverted(page) if light is np.array else page):
        found = find_ink_locally(one)
        strokes = found.strokes(found.traces)
        assert strokes[80:120, 200:204].all()
        assert strokes.sum() < 1.2 * 160


def test_light_is_even_whatever_is_written_and_uneven_in_a_shadow():
    for page in (blank(), small_bar(), page_with_a_bar()):
        assert light_is_even(page)
        assert light_is_even(inverted(page))
        for light in (shaded, shadowed, in_corner_shade):
            assert not light_is_even(light(page))
