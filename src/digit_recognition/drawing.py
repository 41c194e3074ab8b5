"""What all figures share: colours, mosaics of images, the caption."""

from __future__ import annotations

from typing import Any

import numpy as np

# Told apart by the colour-blind too (Okabe and Ito 2008), and dark enough for white
# figures on them.
BLUE, BROWN, RED, GREY = "#0072B2", "#A65E00", "#D55E00", "#777777"
FRAME = 0.5


def mosaic(
    images: np.ndarray, columns: int, frame: float = FRAME, gap: int = 1
) -> np.ndarray:
    """The images (n, height, width) side by side, row after row, as one (h, w).

    Each has a frame of ``gap`` pixels of the value ``frame`` around it; so has what is
    left of the last row.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height + 2 * gap, width + 2 * gap), frame, float)
    sheet[:count, gap : gap + height, gap : gap + width] = images
    sheet = sheet.reshape(rows, columns, *sheet.shape[1:]).swapaxes(1, 2)
    return sheet.reshape(rows * sheet.shape[1], -1)


def caption(scores: dict[str, Any], images: str = "") -> str:
    """In one line, what data and model a figure is of.

    ``scores`` are metrics or what else names dataset, recipe, seed and model_version;
    ``images`` says more of the dataset.
    """
    return (
        f"{scores['dataset']}{images} · recipe {scores['recipe']}, seed "
        f"{scores['seed']} · model {scores['model_version']}"
    )
