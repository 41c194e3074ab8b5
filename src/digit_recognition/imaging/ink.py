"""From a grey page to its ink: what of it is paper, what was written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

DIVIDED = 0.75
"""The share of the variance that Otsu's threshold explains where it finds ink."""

HALF_NORMAL = 1.69
"""The standard deviation of a normal, over what `_median_and_spread` makes of half."""

EIGHT = np.ones((3, 3), int)
"""Neighbours of a pixel, for what hangs together at its corners too."""

NOISY = 0.08
"""The page's noise, as a share of ink's contrast, from which on it is smoothed."""

DARKEST = 0.25
"""Paper darker than this is taken for no darker: its noise would become ink."""

LIGHT_SIDE, LIGHT_ROUNDS, BELOW = 32, 8, 0.02
"""Blocks on the longest side for the plane of light, how often their weights are set,
and the weight of those below it."""

PAPER_SIDE = 256
"""The longest side, in pixels, on which the paper is looked at."""


@dataclass(frozen=True)
class Ink:
    """What is darker than the paper of a page of (h, w) pixels, or lighter on dark.

    ``density`` is float32 (h, w) in 0..1, 0 where there is paper; ``smooth`` the same
    with less of the page's noise; ``least`` what stands out of that noise; ``stroke``
    the usual width of a stroke, in pixels.
    """

    density: np.ndarray
    smooth: np.ndarray
    least: float
    stroke: float

    @property
    def traces(self) -> np.ndarray:
        """All that stands out of the noise, bool (h, w)."""
        return self.smooth > self.least

    def strokes(self, traces: np.ndarray) -> np.ndarray:
        """The strokes among the traces, bool (h, w), each piece by its own darkness.

        What is faint beside the page's other ink is left out.
        """
        labels, count = ndimage.label(traces, EIGHT)
        if not count:
            return traces
        levels = ndimage.maximum(self.smooth, labels, np.arange(1, count + 1))
        areas = np.bincount(labels.ravel())[1:]
        strongest = weighted_quantile(levels, areas, 0.9)
        floors = np.maximum(self.least, 0.4 * levels)
        floors[levels < max(2 * self.least, 0.25 * strongest)] = np.inf
        return self.smooth > np.append(np.inf, floors).astype(np.float32)[labels]


def find_ink(grey: np.ndarray) -> Ink:
    """The ink on a page, float32 (h, w) in 0..1 (1 is white), of whichever polarity.

    Paper is what remains when all that is narrower than a few strokes is closed, so
    that light may be uneven; the density is relative to it.
    """
    if not ink_is_dark(grey):
        grey = 1 - grey
    small = reduced(grey, PAPER_SIDE)
    factor = max(grey.shape) / max(small.shape)
    small = ndimage.gaussian_filter(small, min(1.5, max(small.shape) / 100))
    light = slope_of_light(small)
    level = small / light
    paper = light * ndimage.grey_closing(level, size=_odd(0.45 * min(small.shape)))
    rough = _darker(small, paper)
    stroke = stroke_width(rough > otsu(rough))
    paper = light * ndimage.grey_closing(level, size=_odd(3 * stroke + 2))
    density = _darker(grey, resized(paper, grey.shape))
    smooth, threshold = density, otsu(density)
    if noise_level(density) > NOISY * _ink_contrast(density, threshold):
        smooth = ndimage.gaussian_filter(density, min(2.0, 0.3 * stroke * factor))
        threshold = otsu(smooth)
    usual, least = _paper_level(smooth, threshold)
    density, smooth = np.clip(density - usual, 0, 1), np.clip(smooth - usual, 0, 1)
    return Ink(density, smooth, max(0.06, least), stroke * factor)


def slope_of_light(grey: np.ndarray) -> np.ndarray:
    """Light that falls evenly from one side of a page to another, float32 (h, w).

    A plane through the paper, 1 on the average: closing alone takes paper that gets
    darker towards the page's side for ink there. What lies below the plane, as ink
    does, has little weight (asymmetric least squares: Newey and Powell 1987,
    "Asymmetric least squares estimation and testing").
    """
    coarse = reduced(grey, LIGHT_SIDE)
    down, across = np.meshgrid(*map(_ramp, coarse.shape), indexing="ij")
    terms = np.stack([np.ones(coarse.size), down.ravel(), across.ravel()], axis=1)
    values = coarse.ravel()
    weights = np.ones(coarse.size)
    for _ in range(LIGHT_ROUNDS):
        root = np.sqrt(weights)
        level, fall, slant = np.linalg.lstsq(terms * root[:, None], values * root)[0]
        weights = np.where(values >= terms @ (level, fall, slant), 1.0, BELOW)
    if level < DARKEST:
        return np.ones_like(grey)
    rows, columns = map(_ramp, grey.shape)
    light = 1 + fall / level * rows[:, None] + slant / level * columns
    return np.clip(light, DARKEST, None).astype(np.float32)


def _ramp(side: int) -> np.ndarray:
    """From -1 to 1; 0 for a single pixel."""
    return np.linspace(-1, 1, side) if side > 1 else np.zeros(1)


def ink_is_dark(grey: np.ndarray) -> bool:
    """Whether the ink is darker than the paper.

    Ink takes less room than paper, so that what remains over the light around is skewed
    towards the ink; and it takes less of the page's border.
    """
    small = reduced(grey, PAPER_SIDE // 2)
    rest = small - ndimage.uniform_filter(small, max(small.shape))
    spread = float(rest.std())
    if spread < 1e-6:
        return True
    skewness = float((rest**3).mean()) / spread**3
    dark = small <= otsu(small)
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    return bool(1 - 2 * border.mean() - skewness > 0)


def stroke_width(mask: np.ndarray) -> float:
    """The usual width of the strokes of a mask, in pixels; 1 where there are none.

    A strip of width w has a mean distance to the paper of (w / 2 + 1) / 2.
    """
    if not mask.any():
        return 1.0
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return max(1.0, 4 * float(distance[mask].mean()) - 2)


def noise_level(grey: np.ndarray) -> float:
    """The standard deviation of the page's noise, from its high-pass, robustly."""
    return 1.4826 * float(np.median(np.abs(grey - ndimage.uniform_filter(grey, 3))))


def otsu(density: np.ndarray) -> float:
    """Otsu's threshold of a density; 1 where there is nothing to divide."""
    from skimage.filters import threshold_otsu

    if density.max() - density.min() < 1e-3:
        return 1.0
    return float(threshold_otsu(density))


def reduced(grey: np.ndarray, side: int) -> np.ndarray:
    """The page, its longest side ``side`` pixels or less, by area averaging."""
    factor = max(grey.shape) / side
    if factor <= 1:
        return grey
    height, width = (max(1, round(length / factor)) for length in grey.shape)
    return resized(grey, (height, width), Image.Resampling.BOX)


def resized(
    grey: np.ndarray,
    shape: tuple[int, int],
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """The page as float32 of another shape."""
    if grey.shape == tuple(shape):
        return grey
    image = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    return np.asarray(image.resize(shape[::-1], resample))


def _ink_contrast(density: np.ndarray, threshold: float) -> float:
    """How much darker than paper is what is above the threshold."""
    ink = density > threshold
    if not ink.any():
        return 0.0
    return float(density[ink].mean() - density[~ink].mean())


def _darker(grey: np.ndarray, paper: np.ndarray) -> np.ndarray:
    return (paper - grey) / np.maximum(paper, np.float32(DARKEST))


def _paper_level(density: np.ndarray, threshold: float) -> tuple[float, float]:
    """What the density is where there is paper, and what stands out of it there.

    Otsu's threshold divides paper from ink, or cuts noise in two: then it explains
    less of the variance (0.64 of a normal's), and what is below it is half of the
    noise.
    """
    paper = density <= threshold
    usual, spread = _median_and_spread(density[paper])
    share = float(paper.mean())
    if share == 1:
        return usual, 5 * spread
    apart = float(density[~paper].mean() - density[paper].mean())
    if share * (1 - share) * apart**2 >= DIVIDED * float(density.var()):
        return usual, min(5 * spread, 0.6 * (threshold - usual))
    if density.max() < usual + 12 * spread:
        spread *= HALF_NORMAL
    return usual, 5 * spread


def _median_and_spread(values: np.ndarray) -> tuple[float, float]:
    usual = np.median(values)
    return float(usual), 1.4826 * float(np.median(np.abs(values - usual)))


def _odd(size: float) -> int:
    return max(3, 2 * round(size / 2) + 1)


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The value below which lies so much of the weight."""
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, share * summed[-1])])
