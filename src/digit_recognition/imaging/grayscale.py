"""Convert colour pictures to greyscale so that coloured ink stays visible."""

from __future__ import annotations

import numpy as np

from .ink import MAD_TO_STD

RED_WEIGHT, GREEN_WEIGHT, BLUE_WEIGHT = (
    np.float32(weight) for weight in (0.299, 0.587, 0.114)
)
"""Weights of the red, green and blue channels in luma (the brightness of a pixel), from
ITU-R BT.601."""

SAMPLE_PIXELS = 40_000
"""Approximate number of pixels from which the paper's colour and noise are measured."""

BLOCK_ROWS = 256
"""Number of rows that are converted at a time. This limits the extra memory that a
large page needs."""


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """Convert RGB pixels to grey levels that keep the contrast of coloured ink.

    ``pixels`` is uint8 (h, w, 3); the result is float32 (h, w) in 0..1, where 1 is
    white.

    Grey pixels get their luma, a weighted mean of the channels. Coloured pixels get the
    level of the channel with the most contrast to the paper. For example, the yellow
    (1, 0.96, 0.2) on white paper is almost invisible in luma (0.89 against 1) but clear
    in the blue channel (0.2 against 1).

    The paper's colour is the median colour of the page. A pixel counts as coloured if
    its chroma (see `_chroma`) is higher than the noise in the paper's chroma. The
    chroma of pencil on grey paper is not higher than this noise, so pencil counts as
    grey. It gets its luma, which is less noisy than a single channel.
    """
    grey = np.empty(pixels.shape[:2], np.float32)
    step = int(np.ceil(np.sqrt(grey.size / SAMPLE_PIXELS)))
    sample = _channels(pixels[::step, ::step])
    paper = np.median(sample, axis=(1, 2), keepdims=True)
    chroma = _chroma(sample, paper)
    middle = np.median(chroma)
    # The limit is six standard deviations above the paper's typical chroma.
    noise = max(middle + 6 * MAD_TO_STD * np.median(np.abs(chroma - middle)), 0.05)
    luma, paper_luma = _luma(sample), _luma(paper)
    gain_if_light = _lightest_level(sample, paper) - paper_luma
    gain_if_dark = paper_luma - _darkest_level(sample, paper)
    lightness = gain_if_light - gain_if_dark + 2 * (luma - paper_luma)
    ink_is_light = (_colour_weight(chroma, noise) * lightness).sum() > 0
    coloured_level = _lightest_level if ink_is_light else _darkest_level
    for row in range(0, len(pixels), BLOCK_ROWS):
        block = _channels(pixels[row : row + BLOCK_ROWS])
        luma = _luma(block)
        weight = _colour_weight(_chroma(block, paper), noise)
        grey[row : row + BLOCK_ROWS] = luma + weight * (
            coloured_level(block, paper) - luma
        )
    return np.clip(grey, 0, 1, out=grey)


def _channels(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 pixels (h, w, 3) as float32 channels (3, h, w) in 0..1."""
    channels = np.moveaxis(pixels, -1, 0).astype(np.float32, order="C")
    return np.divide(channels, 255, out=channels)


def _luma(channels: np.ndarray) -> np.ndarray:
    red, green, blue = channels
    return RED_WEIGHT * red + GREEN_WEIGHT * green + BLUE_WEIGHT * blue


def _white_balance(channels: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Divide the channels by the paper's colour, so that paper becomes white."""
    return channels / np.maximum(paper, np.float32(0.1))


def _chroma(channels: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Return the range (maximum minus minimum) of each pixel's white-balanced channels.

    The range is 0 on paper, even in shadow.
    """
    balanced = _white_balance(channels, paper)
    return balanced.max(axis=0) - balanced.min(axis=0)


def _colour_weight(chroma: np.ndarray, noise: float) -> np.ndarray:
    """Return weights that rise with the chroma from 0 to 1.

    The weight is 0 up to a chroma of ``noise``, and 1 from twice ``noise`` on.
    """
    return np.clip(chroma / np.float32(noise) - 1, 0, 1)


def _darkest_level(channels: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Return, for each pixel, the minimum of its luma and its channels.

    The channels are scaled so that, on paper, each channel equals the paper's luma.
    """
    darkest = _white_balance(channels, paper).min(axis=0) * _luma(paper)
    return np.minimum(_luma(channels), darkest)


def _lightest_level(channels: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Return, for each pixel, the maximum of its luma and its channels.

    The channels are shifted so that, on paper, each channel equals the paper's luma.
    """
    lightest = (channels - paper).max(axis=0) + _luma(paper)
    return np.maximum(_luma(channels), lightest)
