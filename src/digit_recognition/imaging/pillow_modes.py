"""Convert pictures of any Pillow mode to greyscale."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .grayscale import to_grey


def to_basic_mode(picture: Image.Image) -> Image.Image:
    """Convert a picture to Pillow's mode F (with values in 0..1), L, RGB or RGBA.

    Pillow's ``Image.reduce`` supports these four modes. It does not support some of
    Pillow's other modes.
    """
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return Image.fromarray(_scale_levels(np.asarray(picture)))
    if picture.mode == "LAB":
        return picture.getchannel("L")
    mode = "L" if picture.mode in ("1", "L") else "RGB"
    mode = "RGBA" if picture.has_transparency_data else mode
    return picture if picture.mode == mode else picture.convert(mode)


def to_grey_page(image: Image.Image) -> np.ndarray:
    """Convert a Pillow image to a float32 array (h, w) in 0..1, where 1 is white.

    The image must have one of the modes that `to_basic_mode` returns.

    If a picture has transparent pixels, and almost all its opaque pixels are light,
    the opaque pixels are taken for light ink, and the transparent pixels become black.
    In all other pictures, transparent pixels become white.
    """
    if image.mode == "F":
        return np.asarray(image)
    if image.mode == "RGBA":
        image = _place_on_background(image)
    pixels = np.asarray(image)
    if image.mode == "RGB":
        red, green, blue = np.moveaxis(pixels, -1, 0)
        if (red != green).any() or (green != blue).any():
            return to_grey(pixels)
        pixels = red
    return np.divide(pixels, 255, dtype=np.float32)


def _scale_levels(values: np.ndarray) -> np.ndarray:
    """Scale the grey levels of a 16- or 32-bit image to float32 in 0..1.

    - Floats within 0..1 stay as they are.
    - Integers are divided by the maximum value of their bit depth, such as 4095 for 12
      bits, if none of them is negative. The bit depth is the smallest that holds all
      values, but at least 8 bits.
    - In all other images, the minimum is subtracted from the values. The result is
      divided by the range of the values, or by 1 if the range is below 1.
    - NaN and inf count as the maximum, -inf as the minimum.
    """
    finite = values[np.isfinite(values)].astype(np.float64)
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    top = 1 if values.dtype.kind == "f" else 2 ** max(8, int(high).bit_length()) - 1
    values = np.nan_to_num(values.astype(np.float64), nan=high, posinf=high, neginf=low)
    if low < 0 or high > top:
        values, top = values - low, max(high - low, 1)
    return (values / top).astype(np.float32)


def _place_on_background(image: Image.Image) -> Image.Image:
    """Return the picture as RGB, with a background in place of transparency.

    The background is black if almost all opaque pixels are light, and white otherwise.
    """
    opaque = np.asarray(image.getchannel("A")) >= 128
    dark = np.asarray(image.convert("RGB").convert("L")) < 128
    # A picture of light ink alone has no dark pixels. A cut-out picture of paper has
    # some, because the ink on the paper is dark.
    is_light = opaque.any() and not opaque.all() and dark[opaque].mean() < 1e-3
    background = Image.new("RGBA", image.size, "black" if is_light else "white")
    return Image.alpha_composite(background, image).convert("RGB")
