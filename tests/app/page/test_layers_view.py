import base64
import io
import re

import numpy as np
from PIL import Image

from digit_recognition.app.page import layers_view
from digit_recognition.app.reading.feature_maps import LayerOutput


def images_in(html):
    return [
        Image.open(io.BytesIO(base64.b64decode(data)))
        for data in re.findall(r'base64,([^"]+)', html)
    ]


def output(name, kind, array):
    return LayerOutput(name, kind, array.shape, array)


def test_each_layer_has_its_name_its_shape_and_a_sheet_of_its_maps():
    maps = np.zeros((3, 2, 20), np.float32)
    maps[1, 1, 17] = 5  # the second map of the second row
    units = np.arange(10, dtype=np.float32)
    html = layers_view.layers(
        [output("conv1", "convolution", maps), output("logits", "dense", units)]
    )
    assert "convolution, shape 3 x 2 x 20" in html
    assert "dense, shape 10" in html
    sheet, strip = images_in(html)
    assert sheet.size == (16 * 3 - 1, 2 * 4 - 1)  # maps of 2 x 3 pixels and gaps
    brightest = np.unravel_index(np.asarray(sheet.convert("L")).argmax(), (7, 47))
    assert brightest == (4 + 1, 3 + 1)
    assert strip.size == (10, 1)


def test_of_very_many_maps_the_first_64_are_shown():
    html = layers_view.layers([output("conv1", "convolution", np.zeros((5, 5, 100)))])
    assert "the first 64 maps" in html
    (sheet,) = images_in(html)
    assert sheet.size == (16 * 6 - 1, 4 * 6 - 1)


def test_a_layer_without_any_response_is_dark():
    html = layers_view.layers([output("dense", "dense", np.full(4, 3.0))])
    (strip,) = images_in(html)
    assert np.asarray(strip).max() <= 40


def test_the_comparison_says_what_each_field_is_read_as():
    seven, four = np.eye(10)[7], np.eye(10)[4] * 0.6
    field = np.zeros((28, 28), np.float32)
    html = layers_view.preparation((field, seven), (field, four))
    assert re.findall(r"read as (\d), ([^<]+)", html) == [
        ("7", "&gt;99.9%"),
        ("4", "60.0%"),
    ]
