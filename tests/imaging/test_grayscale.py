import numpy as np
import pytest

from digit_recognition.imaging.grayscale import to_grey

WHITE, CREAM, BLACK = (255, 255, 255), (250, 240, 215), (15, 15, 18)


def page(paper, ink):
    """Return a page of 60 x 80 pixels with a vertical stroke of ink."""
    pixels = np.full((60, 80, 3), paper, np.uint8)
    pixels[20:40, 38:42] = ink
    return pixels


def contrast(grey):
    return grey[:20].mean() - grey[20:40, 38:42].mean()


@pytest.mark.parametrize("paper", [WHITE, CREAM])
@pytest.mark.parametrize(
    "ink",
    [(255, 230, 40), (205, 30, 40), (35, 60, 170), (120, 210, 90), (250, 150, 30)],
)
def test_ink_of_any_colour_is_dark_on_light_paper(paper, ink):
    assert contrast(to_grey(page(paper, ink))) > 0.5


def test_coloured_chalk_is_light_on_a_blackboard():
    for chalk in (255, 230, 40), (90, 90, 255), (255, 60, 60):
        assert contrast(to_grey(page(BLACK, chalk))) < -0.5


def test_grey_pixels_keep_their_luma():
    grey = to_grey(page((200, 200, 200), (90, 90, 90)))
    assert grey.dtype == np.float32
    np.testing.assert_allclose(grey[0, 0], 200 / 255, atol=1e-6)
    np.testing.assert_allclose(grey[30, 40], 90 / 255, atol=1e-6)


def test_pencil_on_noisy_paper_keeps_the_noise_of_luma():
    random = np.random.default_rng(0)
    pixels = page((150, 148, 140), (110, 109, 105)).astype(float)
    pixels += random.normal(0, 8, pixels.shape)
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    luma = pixels @ [0.299, 0.587, 0.114] / 255
    np.testing.assert_allclose(to_grey(pixels)[:20].std(), luma[:20].std(), rtol=0.02)


def test_a_shadow_on_cream_paper_keeps_its_luma():
    shadow = np.linspace(1, 0.5, 80)[:, None]
    pixels = (np.full((60, 80, 3), CREAM) * shadow).astype(np.uint8)
    luma = pixels @ [0.299, 0.587, 0.114] / 255
    np.testing.assert_allclose(to_grey(pixels), luma, atol=0.005)


def test_an_enlarged_page_gets_the_same_levels():
    small = page(WHITE, (255, 230, 40))
    large = small.repeat(10, axis=0).repeat(10, axis=1)
    np.testing.assert_allclose(to_grey(large)[::10, ::10], to_grey(small), atol=1e-6)
