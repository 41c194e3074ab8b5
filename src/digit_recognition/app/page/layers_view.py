"""Show what happens inside the network, as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np

from ..reading.feature_maps import LAST, LayerOutput
from .markup import coloured, field_picture, percent, picture

MAX_MAPS = 64
"""Maximum number of feature maps that are shown for one layer."""

MAPS_PER_ROW = 16
UNITS_PER_ROW = 32


def preparation(
    prepared: tuple[np.ndarray, np.ndarray], raw: tuple[np.ndarray, np.ndarray]
) -> str:
    """Return HTML that shows a digit with and without preparation, side by side.

    Preparation cuts one digit out of the drawing, and scales and centres it as in
    MNIST. Both arguments are tuples (image, probabilities). The image in ``prepared``
    is the prepared digit. The image in ``raw`` is the whole drawing, which was only
    resized. An image has the shape (28, 28) and values in 0..1, where 1 is ink. The
    probabilities of the digits 0 to 9 are an array of the shape (10,).
    """
    figures = "".join(
        f"<figure>{field_picture(field, title)}<figcaption><b>{title}</b>read as "
        f"{row.argmax()}, {escape(percent(row.max()))}</figcaption></figure>"
        for title, (field, row) in (
            ("With preparation", prepared),
            ("Without: the whole drawing, reduced", raw),
        )
    )
    return f'<div class="comparison">{figures}</div>'


def layers(outputs: Iterable[LayerOutput]) -> str:
    """Return HTML with the name, kind, shape and output of each layer."""
    return "".join(_layer(output) for output in outputs)


def _layer(output: LayerOutput) -> str:
    name, kind, shape, array = output
    size = f"shape {' x '.join(map(str, shape))}"
    sheet = _sheet(array) if array.ndim > 1 else _strip(array)
    if array.ndim > 1 and shape[-1] > MAX_MAPS:
        size += f", the first {MAX_MAPS} maps"
    image = picture(coloured(sheet), f"Output of the layer {name}", "maps")
    digits = "".join(f"<li>{digit}</li>" for digit in range(10))
    labels = f"<ol>{digits}</ol>" if name == LAST else ""
    return (
        f'<section class="layer"><h4>{escape(name)}</h4><p>{kind}, {size}</p>'
        f'<div class="strip" tabindex="0">{image}{labels}</div></section>'
    )


def _sheet(maps: np.ndarray) -> np.ndarray:
    """Return one array with the first MAX_MAPS feature maps in a grid.

    Each row of the grid has MAPS_PER_ROW maps. ``maps`` is (rows, columns, n), where n
    is the number of maps. Each map is scaled to 0..1 on its own. The gaps between the
    maps are NaN.
    """
    maps = np.moveaxis(maps[..., :MAX_MAPS], -1, 0)
    scaled = np.stack([_stretch(one) for one in maps])
    missing = -len(maps) % MAPS_PER_ROW
    framed = np.pad(scaled, ((0, missing), (0, 1), (0, 1)), constant_values=np.nan)
    _, height, width = framed.shape
    grid = framed.reshape(-1, MAPS_PER_ROW, height, width).swapaxes(1, 2)
    return grid.reshape(-1, MAPS_PER_ROW * width)[:-1, :-1]


def _strip(units: np.ndarray) -> np.ndarray:
    columns = min(UNITS_PER_ROW, len(units))
    missing = -len(units) % columns
    row = np.pad(_stretch(units), (0, missing), constant_values=np.nan)
    return row.reshape(-1, columns)


def _stretch(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
