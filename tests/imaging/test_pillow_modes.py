import numpy as np
import pytest
from PIL import Image

from digit_recognition.imaging.pillow_modes import to_basic_mode, to_grey_page


def read(array, mode=None):
    picture = Image.fromarray(np.asarray(array))
    return to_grey_page(
        to_basic_mode(picture if mode is None else picture.convert(mode))
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.uint16([[0, 65535], [32768, 257]]), [[0, 1], [0.50001, 0.00392]]),
        (np.uint16([[0, 4095], [2048, 0]]), [[0, 1], [0.50012, 0]]),  # 12 bits
        (np.uint16([[0, 1], [2, 3]]), [[0, 0.00392], [0.00784, 0.01176]]),  # 8 bits
        (np.int32([[0, 65535], [0, 0]]), [[0, 1], [0, 0]]),
        (np.int32([[-5, 5], [0, 5]]), [[0, 1], [0.5, 1]]),
        (np.float32([[0, 1], [0.25, 1]]), [[0, 1], [0.25, 1]]),
        (np.float32([[0, 200], [50, 200]]), [[0, 1], [0.25, 1]]),
        (np.float32([[0, np.nan], [np.inf, 0.5]]), [[0, 0.5], [0.5, 0.5]]),
        (np.float32([[np.nan, np.nan]]), [[1, 1]]),
    ],
)
def test_levels_of_16_and_32_bits_are_scaled_to_0_to_1(values, expected):
    found = read(values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_black_and_white_are_0_and_1_in_every_mode(mode):
    array = np.full((8, 8), 255, np.uint8)
    array[2:4] = 0
    np.testing.assert_allclose(read(array, mode), array / 255, atol=0.01)


def transparent(ink):
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[5:15, 9:11] = (*ink, 255)
    return picture


def test_a_transparent_background_is_white_if_the_ink_is_dark():
    found = read(transparent((0, 0, 0)))
    assert (found[0, 0], found[10, 10]) == (1, 0)


@pytest.mark.parametrize("ink", [(255, 255, 255), (255, 230, 40)])
def test_a_transparent_background_is_black_if_the_ink_is_light(ink):
    found = read(transparent(ink))
    assert found[0, 0] == 0
    assert found[10, 10] > 0.8


def test_the_background_of_a_cut_out_sheet_of_paper_is_white():
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[5:35, 5:35] = 255
    picture[10:20, 20, :3] = 0
    found = read(picture)
    assert found[0, 0] == 1
    assert found[12, 20] == 0


def test_a_transparent_palette_colour_is_background():
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([255, 0, 0, 0, 0, 0])
    picture.paste(0, (0, 0, 8, 4))
    picture.info["transparency"] = 0
    found = to_grey_page(to_basic_mode(picture))
    assert (found[:4] == 1).all()
    assert (found[4:] == 0).all()
