"""Pictures of any of Pillow's modes as grey."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .grayscale import to_grey


def plain(picture: Image.Image) -> Image.Image:
    """The same in mode F (0..1), L, RGB or RGBA, each of which Pillow can reduce."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return Image.fromarray(_levels(np.asarray(picture)))
    if picture.mode == "LAB":
        return picture.getchannel("L")
    mode = "L" if picture.mode in ("1", "L") else "RGB"
    mode = "RGBA" if picture.has_transparency_data else mode
    return picture if picture.mode == mode else picture.convert(mode)


def grey(image: Image.Image) -> np.ndarray:
    """A plain image as float32 (h, w) in 0..1, 1 white.

    Transparency lies on white, or on black where its ink is light.
    """
    if image.mode == "F":
        return np.asarray(image)
    if image.mode == "RGBA":
        image = _on_paper(image)
    pixels = np.asarray(image)
    if image.mode == "RGB":
        red, green, blue = np.moveaxis(pixels, -1, 0)
        if (red != green).any() or (green != blue).any():
            return to_grey(pixels)
        pixels = red
    return np.divide(pixels, 255, dtype=np.float32)


def _levels(values: np.ndarray) -> np.ndarray:
    """In 0..1: floats as they are, integers by the fewest bits, 8 or more, they need.

    Where that leaves 0..1, from the least to the most.
    """
    known = values[np.isfinite(values)].astype(np.float64)
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    top = 1 if values.dtype.kind == "f" else 2 ** max(8, int(high).bit_length()) - 1
    values = np.nan_to_num(values.astype(np.float64), nan=high, posinf=high, neginf=low)
    if low < 0 or high > top:
        values, top = values - low, max(high - low, 1)
    return (values / top).astype(np.float32)


def _on_paper(image: Image.Image) -> Image.Image:
    opaque = np.asarray(image.getchannel("A")) >= 128
    dark = np.asarray(image.convert("RGB").convert("L")) < 128
    # Light ink has no dark pixels; a cut-out sheet of paper has those of its ink.
    light = opaque.any() and not opaque.all() and dark[opaque].mean() < 1e-3
    paper = Image.new("RGBA", image.size, "black" if light else "white")
    return Image.alpha_composite(paper, image).convert("RGB")
