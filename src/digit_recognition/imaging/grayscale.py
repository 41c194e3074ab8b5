"""Grey in which coloured ink stays as visible as it was."""

from __future__ import annotations

import numpy as np

RED, GREEN, BLUE = (np.float32(weight) for weight in (0.299, 0.587, 0.114))  # BT.601
SAMPLED = 40_000  # pixels, about so many
ROWS = 256  # worked on at a time, so that a large page needs little besides itself


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """Luma, but where ink is coloured the channel that parts it most from the paper.

    ``pixels`` is uint8 (h, w, 3), the result float32 (h, w) in 0..1. Yellow on white is
    as good as gone in luma (0.89 to 1), in blue it is not (0.2 to 1). The paper's
    colour is the median; what is not more coloured against it than its noise keeps its
    luma, so that pencil on grey paper gains no channel's noise.
    """
    grey = np.empty(pixels.shape[:2], np.float32)
    step = int(np.ceil(np.sqrt(grey.size / SAMPLED)))
    sample = _planes(pixels[::step, ::step])
    paper = np.median(sample, axis=(1, 2), keepdims=True)
    chroma = _chroma(sample, paper)
    middle = np.median(chroma)
    # Six standard deviations of noise, by the median absolute deviation.
    noise = max(middle + 6 * 1.4826 * np.median(np.abs(chroma - middle)), 0.05)
    luma, paper_luma = _luma(sample), _luma(paper)
    lighter = _lighter(sample, paper) - paper_luma
    darker = paper_luma - _darker(sample, paper)
    lightening = lighter - darker + 2 * (luma - paper_luma)
    is_light = (_share(chroma, noise) * lightening).sum() > 0
    strongest = _lighter if is_light else _darker
    for row in range(0, len(pixels), ROWS):
        rows = _planes(pixels[row : row + ROWS])
        luma = _luma(rows)
        share = _share(_chroma(rows, paper), noise)
        grey[row : row + ROWS] = luma + share * (strongest(rows, paper) - luma)
    return np.clip(grey, 0, 1, out=grey)


def _planes(pixels: np.ndarray) -> np.ndarray:
    planes = np.moveaxis(pixels, -1, 0).astype(np.float32, order="C")
    return np.divide(planes, 255, out=planes)


def _luma(planes: np.ndarray) -> np.ndarray:
    return RED * planes[0] + GREEN * planes[1] + BLUE * planes[2]


def _balanced(planes: np.ndarray, paper: np.ndarray) -> np.ndarray:
    return planes / np.maximum(paper, np.float32(0.1))


def _chroma(planes: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """How far the channels part once the paper is white; 0 on it, in shadow too."""
    balanced = _balanced(planes, paper)
    return balanced.max(axis=0) - balanced.min(axis=0)


def _share(chroma: np.ndarray, noise: float) -> np.ndarray:
    return np.clip(chroma / np.float32(noise) - 1, 0, 1)


def _darker(planes: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Luma, or less where one channel is darker against the paper."""
    darkest = _balanced(planes, paper).min(axis=0) * _luma(paper)
    return np.minimum(_luma(planes), darkest)


def _lighter(planes: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Luma, or more where one channel is lighter against the paper."""
    return np.maximum(_luma(planes), (planes - paper).max(axis=0) + _luma(paper))
