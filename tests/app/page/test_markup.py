import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from digit_recognition.app.page.markup import (
    bars,
    coloured,
    counted,
    field_picture,
    percent,
)


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.7222, "72.2%"),
        (0.9994, "99.9%"),
        (0.99951, ">99.9%"),
        (1, ">99.9%"),
        (0.0006, "0.1%"),
        (0.0004, "<0.1%"),
        (0, "<0.1%"),
    ],
)
def test_a_percentage_is_never_rounded_to_0_or_100(probability, text):
    assert percent(probability) == text


def test_a_field_is_shown_as_dark_ink_on_white():
    field = np.zeros((28, 28), np.float32)
    field[3, 4] = 1
    html = field_picture(field, 'a "digit"')
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    shown = np.asarray(Image.open(io.BytesIO(data)))
    assert shown.shape == (28, 28)
    assert (shown[3, 4], shown[0, 0]) == (0, 255)
    assert 'alt="a &quot;digit&quot;"' in html


def test_ten_bars_have_the_widths_of_the_probabilities_and_the_best_is_marked():
    probabilities = [0.0, 0.25, 0, 0, 0, 0, 0, 0.75, 0, 0]
    html = bars(probabilities)
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", html)]
    assert widths == [100 * probability for probability in probabilities]
    assert re.findall(r"<li class=best><b>(\d)</b>", html) == ["7"]


def test_colours_grow_brighter_with_the_value_and_gaps_are_grey():
    shown = np.asarray(coloured(np.array([[0, 0.25, 0.5, 0.75, 1, np.nan]])))
    brightness = shown[0].astype(int) @ [299, 587, 114]
    assert (np.diff(brightness[:5]) > 0).all()
    assert shown[0, 5].tolist() == [130, 130, 130]


def test_one_thing_is_counted_in_the_singular():
    assert counted(1, "picture") == "1 picture"
    assert counted(0, "picture") == "0 pictures"
    assert counted(1200, "picture") == "1,200 pictures"
