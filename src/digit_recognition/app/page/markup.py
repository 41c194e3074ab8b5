"""Make small pieces of HTML: pictures, percentages and bars.

Pictures are data URLs inside the HTML, so the page needs no temporary files.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape

import numpy as np
from PIL import Image

# From weak to strong: dark blue, violet, orange, pale yellow. The brightness increases
# evenly, so that colour-blind readers see the same order.
COLOUR_STOPS = np.array(
    [[8, 8, 40], [90, 24, 120], [220, 90, 60], [252, 250, 190]], np.float32
)
GAP_GREY = 130


def data_url(data: bytes, media_type: str) -> str:
    """Return a data URL, which contains ``data`` as base64 text."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def picture_url(image: Image.Image, form: str = "PNG") -> str:
    """Return an image as a data URL; ``form`` is a Pillow format, such as JPEG."""
    file = io.BytesIO()
    image.save(file, form)
    return data_url(file.getvalue(), f"image/{form.lower()}")


def picture(image: Image.Image, description: str, kind: str, form: str = "PNG") -> str:
    """Return an ``<img>`` with the CSS class ``kind``.

    ``description`` is its alternative text, and ``form`` is a Pillow format.
    """
    return (
        f'<img class="{kind}" src="{picture_url(image, form)}" '
        f'width="{image.width}" height="{image.height}" alt="{escape(description)}">'
    )


def field_picture(field: np.ndarray, description: str) -> str:
    """Return an ``<img>`` of a digit, as dark ink on white.

    ``field`` is float (28, 28) in 0..1, where 1 is ink.
    """
    grey = np.round(255 * (1 - np.clip(field, 0, 1))).astype(np.uint8)
    return picture(Image.fromarray(grey), description, "field")


def coloured(values: np.ndarray) -> Image.Image:
    """Return an RGB image in which each pixel's colour shows one value.

    ``values`` is an array of the shape (rows, columns), with values in 0..1. The
    colours go from dark blue for 0 to pale yellow for 1. NaN, which fills the gaps
    between feature maps, becomes mid-grey.
    """
    place = np.clip(np.nan_to_num(values), 0, 1) * (len(COLOUR_STOPS) - 1)
    below = np.minimum(place.astype(int), len(COLOUR_STOPS) - 2)
    share = (place - below)[..., None]
    colours = (1 - share) * COLOUR_STOPS[below] + share * COLOUR_STOPS[below + 1]
    colours[np.isnan(values)] = GAP_GREY
    return Image.fromarray(colours.round().astype(np.uint8))


def percent(probability: float) -> str:
    """Return a probability as a percentage that never rounds to 0 or 100.

    >>> percent(0.99987), percent(0.7222), percent(0.0001)
    ('>99.9%', '72.2%', '<0.1%')
    """
    text = f"{probability:.1%}"
    return {"100.0%": ">99.9%", "0.0%": "<0.1%"}.get(text, text)


def bars(probabilities: Iterable[float]) -> str:
    """Return HTML with ten horizontal bars, one for the probability of each digit."""
    values = [float(value) for value in probabilities]
    best = int(np.argmax(values))
    rows = "".join(
        f"<li{' class=best' if digit == best else ''}><b>{digit}</b>"
        f'<span class="bar"><i style="width:{100 * value:.1f}%"></i></span>'
        f"<span>{escape(percent(value))}</span></li>"
        for digit, value in enumerate(values)
    )
    return f'<ol class="bars" aria-label="Probability of each digit">{rows}</ol>'


def counted(count: int, noun: str) -> str:
    """Return a count and the noun, in the plural unless the count is 1.

    >>> counted(1, "picture"), counted(12, "picture")
    ('1 picture', '12 pictures')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
