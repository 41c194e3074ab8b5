"""Separate ink from paper on a greyscale page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

MIN_EXPLAINED_VARIANCE = 0.75
"""Otsu's threshold separates paper from ink if it explains at least this share of the
variance of the ink density. If it explains less, it may only split the noise."""

MAD_TO_STD = 1.4826
"""Standard deviation of a normal distribution, divided by its median absolute deviation
(MAD).

scipy.stats.median_abs_deviation could apply this factor itself, but it is not used:
importing scipy.stats takes 0.8 s. All imports that are needed to read a page take 1.6 s
together.
"""

HALF_NORMAL_TO_STD = 1.69
"""Standard deviation of a normal distribution, divided by the spread that
`_median_and_spread` measures on the lower half of the distribution."""

EIGHT_CONNECTED = np.ones((3, 3), int)
"""Structuring element for ``scipy.ndimage.label``: pixels that touch only at a corner
are connected, too."""

MAX_NOISE_TO_CONTRAST = 0.08
"""A page is smoothed if its noise is above this share of the ink's contrast."""

MIN_SMOOTHING, MAX_SMOOTHING = 0.7, 2.0
"""Minimum and maximum standard deviation of the Gaussian filter that smooths noisy
pages, in pixels."""

MIN_PAPER_LEVEL = 0.25
"""Minimum brightness of paper, in 0..1. Darker paper is treated as if it had this
brightness. Division by a lower brightness would amplify noise until it looks like
ink."""

LIGHT_GRID_SIDE, LIGHT_ITERATIONS, INK_WEIGHT = 32, 8, 0.02
"""Settings of `estimate_illumination`, which fits a plane to the brightness of a
reduced page: the longest side of the reduced page in pixels, the number of the fit's
iterations, and the weight of the pixels that are darker than the plane."""

MEDIAN_WINDOW = 25
"""Side of the square window in which `find_ink_locally` takes the median, in pixels of
the reduced page."""

MAX_EVEN_RANGE = 0.12
"""The light is even if the brightness of the paper (0..1) varies by at most this much.
The variation is the difference between the 90th and 10th percentiles."""

MAX_LIGHTER = 0.1
"""Pixels that are lighter than the estimated paper have a negative ink density.
Densities below -MAX_LIGHTER are raised to -MAX_LIGHTER."""

PAPER_SIDE = 256
"""Longest side, in pixels, of the reduced page on which the brightness of the paper is
estimated."""


AREA_SIDE = 512
"""Longest side, in pixels, of the reduced page in which `find_light_area` searches for
a large light area with dark spots."""

MIN_AREA_SHARE = 0.03
"""Minimum area of a light region (see `LightArea`), as a share of the page's area."""

MIN_AREA_DEPTH = 0.06
"""At least one point of a light area is at least this far from the area's edge. The
distance is a share of the page's shorter side. Strokes of light digits are thinner, so
they have no such point."""

MIN_SPOT_SIZE = 4
"""Minimum area of a dark spot in a light area, in pixels of the reduced page."""

MIN_STROKE_SIZE = 16
"""A light object outside the largest light area can be a stroke only if it has at least
this many pixels on the reduced page."""

MAX_SPOT_SHARE = 0.3
"""Maximum total size of the dark spots in a light area, as a share of the area."""

MIN_SPOTS = 4
"""A light area with at least this many dark spots is taken for paper with dark writing.
A light area with fewer spots may be a light digit. Its spots are then the holes of the
digit; an 8 has two."""


class LightArea(NamedTuple):
    """A large light area of a page.

    ``mask`` is bool (h, w), and True on the area, including its dark spots. ``dark`` is
    bool (h, w), and True on the dark spots. ``spots`` is the number of spots.
    """

    mask: np.ndarray
    dark: np.ndarray
    spots: int


@dataclass(frozen=True)
class Ink:
    """The ink of a page, dark on light or light on dark.

    ``grey`` is the page, float32 (h, w). It is inverted if the ink is light.
    ``density`` is float32 (h, w) between 0 (bare paper) and 1 (black ink). ``smooth``
    is the density with less noise. Values of ``smooth`` above ``noise_floor`` stand out
    from the noise. ``stroke`` is the typical stroke width in pixels.
    """

    grey: np.ndarray
    density: np.ndarray
    smooth: np.ndarray
    noise_floor: float
    stroke: float

    @property
    def traces(self) -> np.ndarray:
        """Mask of everything that stands out from the noise, bool (h, w)."""
        return self.smooth > self.noise_floor

    def strokes(self, traces: np.ndarray) -> np.ndarray:
        """Return the mask of the strokes within ``traces``; both masks are bool (h, w).

        ``traces`` is True on everything that stands out from the noise. Each connected
        component has its own threshold. It is 40 % of the component's maximum density,
        but at least the noise floor. The pixels above this threshold are strokes.
        Components that are faint compared with the noise or with the page's other ink
        are left out.
        """
        labels, count = ndimage.label(traces, EIGHT_CONNECTED)
        if not count:
            return traces
        inked = labels > 0
        numbers = labels[inked] - 1
        areas = np.bincount(numbers)
        # scipy.ndimage.maximum sorts the pixels, which takes ten times as long.
        levels = np.zeros(count, np.float32)
        np.maximum.at(levels, numbers, self.smooth[inked])
        strong = np.quantile(levels, 0.9, weights=areas, method="inverted_cdf")
        thresholds = np.maximum(self.noise_floor, 0.4 * levels)
        thresholds[levels < max(1.4 * self.noise_floor, 0.25 * strong)] = np.inf
        return self.smooth > np.append(np.inf, thresholds).astype(np.float32)[labels]


def find_ink(grey: np.ndarray) -> Ink:
    """Return the ink on a page, dark on light or light on dark.

    ``grey`` is float32 (h, w) in 0..1, where 1 is white.

    The brightness of the bare paper is estimated by a greyscale closing over a few
    stroke widths. The closing removes the ink, but not larger dark areas such as
    shadows. The density of the ink is its darkness relative to the brightness of the
    paper.
    """
    if not ink_seems_dark(grey):
        grey = 1 - grey
    small = reduced(grey, PAPER_SIDE)
    small = ndimage.gaussian_filter(small, min(1.5, max(small.shape) / 100))
    light = estimate_illumination(small)
    level = small / light
    paper = light * ndimage.grey_closing(level, size=_odd_size(0.45 * min(small.shape)))
    rough = _relative_darkness(small, paper)
    stroke = stroke_width(rough > otsu_threshold(rough))
    paper = light * ndimage.grey_closing(level, size=_odd_size(3 * stroke + 2))
    return _ink_on(paper, grey, stroke)


def find_ink_locally(grey: np.ndarray) -> Ink:
    """Return the ink on a page whose strokes are thin compared with the page.

    ``grey`` is float32 (h, w) in 0..1, where 1 is white.

    The brightness of the bare paper is estimated by the median brightness around each
    pixel. The median adapts to any light, even at the edge of a shadow. But strokes
    that fill half of the median's window are mistaken for paper.
    """
    small = reduced(grey, PAPER_SIDE)
    paper = _median_around(small)
    detail = small - paper
    # The ink is light only if two tests agree: thick strokes mislead the skewness of
    # ``detail``, uneven light misleads `ink_is_dark`.
    if float((detail**3).mean()) > 0 and not ink_is_dark(grey):
        grey, paper, detail = 1 - grey, 1 - paper, -detail
    rough = -detail / np.maximum(paper, np.float32(MIN_PAPER_LEVEL))
    stroke = stroke_width(rough > otsu_threshold(rough))
    return _ink_on(paper, grey, stroke)


def _median_around(small: np.ndarray) -> np.ndarray:
    """Return the median brightness in a window around each pixel, float32 (h, w).

    ``small`` is the reduced page, float32 (h, w) in 0..1.
    """
    from skimage.filters import rank

    height, width = small.shape
    # This padding mirrors the page about its border values. So light that falls off
    # towards the border keeps falling beyond it.
    half = min(MEDIAN_WINDOW // 2, height - 1, width - 1)
    wider = np.pad(small, half, mode="reflect", reflect_type="odd")
    levels = np.round(255 * np.clip(wider, 0, 1)).astype(np.uint8)
    # scipy.ndimage.median_filter takes 20 times as long.
    window = np.ones((MEDIAN_WINDOW, MEDIAN_WINDOW), np.uint8)
    median = rank.median(levels, window)[half : half + height, half : half + width]
    return ndimage.gaussian_filter(median / np.float32(255), 1)


def max_local_stroke(grey: np.ndarray) -> float:
    """Return the maximum stroke width, in pixels, that `find_ink_locally` can find."""
    return MEDIAN_WINDOW / 4 * max(1.0, max(grey.shape) / PAPER_SIDE)


def _ink_on(paper: np.ndarray, grey: np.ndarray, stroke: float) -> Ink:
    """Return the ink of a page with dark ink on light paper.

    ``grey`` is the page. ``paper`` is the brightness of the bare paper, as an array
    that may have fewer pixels than ``grey``. ``stroke`` is a first estimate of the
    stroke width, in pixels of ``paper``.
    """
    stroke *= max(grey.shape) / max(paper.shape)
    density = _relative_darkness(grey, resized(paper, grey.shape))
    # Beside thick strokes, the paper may be estimated to be as dark as the ink. The
    # real paper is then far lighter than the estimate.
    np.maximum(density, -MAX_LIGHTER, out=density)
    smooth, threshold = density, otsu_threshold(density)
    contrast = _ink_contrast(density, threshold)
    if noise_level(density) > MAX_NOISE_TO_CONTRAST * contrast:
        smooth = ndimage.gaussian_filter(density, MIN_SMOOTHING)
        threshold = otsu_threshold(smooth)
        # The first estimate may be too high: it is at least one pixel of the reduced
        # page.
        stroke = min(stroke, stroke_width(smooth > threshold))
        smooth = ndimage.gaussian_filter(
            density, np.clip(0.3 * stroke, MIN_SMOOTHING, MAX_SMOOTHING)
        )
        threshold = otsu_threshold(smooth)
    paper_level, noise_floor = _paper_level_and_noise_floor(smooth, threshold)
    density = np.clip(density - paper_level, 0, 1)
    smooth = np.clip(smooth - paper_level, 0, 1)
    return Ink(grey, density, smooth, max(0.06, noise_floor), stroke)


def estimate_illumination(grey: np.ndarray) -> np.ndarray:
    """Return the estimated illumination, float32 (h, w) with a mean of about 1.

    The illumination is modelled as a plane, which changes linearly across the page.
    `find_ink` divides the page by this plane before it estimates the brightness of the
    paper. Without the division, paper that darkens towards the page's border would be
    mistaken for ink.

    The plane is fitted to the brightness of the page by asymmetric least squares (Newey
    and Powell 1987, "Asymmetric least squares estimation and testing"): pixels that are
    darker than the plane, such as ink, have little weight. If the paper is darker than
    MIN_PAPER_LEVEL, the illumination is 1 everywhere.
    """
    coarse = reduced(grey, LIGHT_GRID_SIDE)
    down, across = np.meshgrid(*map(_ramp, coarse.shape), indexing="ij")
    terms = np.stack([np.ones(coarse.size), down.ravel(), across.ravel()], axis=1)
    values = coarse.ravel()
    weights = np.ones(coarse.size)
    for _ in range(LIGHT_ITERATIONS):
        root = np.sqrt(weights)
        plane = np.linalg.lstsq(terms * root[:, None], values * root)[0]
        weights = np.where(values >= terms @ plane, 1.0, INK_WEIGHT)
    level, slope_down, slope_across = plane
    if level < MIN_PAPER_LEVEL:
        return np.ones_like(grey)
    rows, columns = map(_ramp, grey.shape)
    light = 1 + slope_down / level * rows[:, None] + slope_across / level * columns
    return np.clip(light, MIN_PAPER_LEVEL, None).astype(np.float32)


def light_is_even(grey: np.ndarray) -> bool:
    """Return whether the paper has nearly the same brightness all over the page."""
    coarse = reduced(grey, LIGHT_GRID_SIDE)
    ranges = [
        np.subtract(*np.percentile(paper(coarse, 5), [90, 10]))
        for paper in (ndimage.maximum_filter, ndimage.minimum_filter)
    ]  # the maximum filter keeps light paper, the minimum filter dark paper
    return min(ranges) <= MAX_EVEN_RANGE


def _ramp(side: int) -> np.ndarray:
    """Return ``side`` evenly spaced values from -1 to 1, or [0] if ``side`` is 1."""
    return np.linspace(-1, 1, side) if side > 1 else np.zeros(1)


def ink_is_dark(grey: np.ndarray) -> bool:
    """Return whether the ink is darker than the paper.

    The ink is dark if `ink_seems_dark` says so. It is also dark if the page has a light
    area with at least MIN_SPOTS dark spots (see `find_light_area`): this area is paper,
    and the rest of the page is a dark table, or paper in a shadow.
    """
    if ink_seems_dark(grey):
        return True
    area = find_light_area(reduced(grey, AREA_SIDE))
    return area is not None and area.spots >= MIN_SPOTS


def find_light_area(small: np.ndarray) -> LightArea | None:
    """Return the largest light area of a page, or None if it cannot be paper.

    ``small`` is the page, reduced so that its longest side has at most AREA_SIDE
    pixels. The result is None in these cases:

    - The area is smaller than MIN_AREA_SHARE allows.
    - It has no dark spots, or they cover more of it than MAX_SPOT_SHARE allows.
    - It is nowhere thicker than a stroke of a light digit (see MIN_AREA_DEPTH).
    - There are light strokes outside it.

    The result may be a light digit with holes instead of paper if it has fewer than
    MIN_SPOTS dark spots.
    """
    light = small > otsu_threshold(small)
    labels, count = ndimage.label(light)
    if not count:
        return None
    largest = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax())
    mask = ndimage.binary_fill_holes(largest)
    dark = mask & ~light
    size, spots = np.count_nonzero(mask), spot_sizes(dark)
    if size < MIN_AREA_SHARE * small.size or not (
        0 < spots.sum() <= MAX_SPOT_SHARE * size
    ):
        return None
    depths = ndimage.distance_transform_edt(np.pad(light | mask, 1))[1:-1, 1:-1]
    is_deep = depths >= MIN_AREA_DEPTH * min(small.shape)
    others, count = ndimage.label(light & ~mask, EIGHT_CONNECTED)
    sizes = np.bincount(others.ravel(), minlength=count + 1)[1:]
    deep_sizes = np.bincount(others[is_deep], minlength=count + 1)[1:]
    has_strokes = ((sizes >= MIN_STROKE_SIZE) & (deep_sizes == 0)).any()
    if has_strokes or not is_deep[mask].any():
        return None
    return LightArea(mask, dark, len(spots))


def spot_sizes(mask: np.ndarray) -> np.ndarray:
    """Return the sizes of a mask's connected components in pixels, int (n,).

    ``mask`` is bool (h, w). Components smaller than MIN_SPOT_SIZE are left out.
    """
    labels, _ = ndimage.label(mask, EIGHT_CONNECTED)
    sizes = np.bincount(labels.ravel())[1:]
    return sizes[sizes >= MIN_SPOT_SIZE]


def ink_seems_dark(grey: np.ndarray) -> bool:
    """Return whether the ink is darker than the paper, judged by brightness alone.

    Two signs are combined. First, ink covers less area than paper, so the grey levels
    of the ink form the long tail of the page's distribution of grey levels. To find
    this tail, the local mean is subtracted from the page, and the skewness of the
    differences is computed. It is negative if the tail is at the dark end. Second,
    most of the page's border is paper. So if most of the border is light, the ink is
    probably dark.
    """
    small = reduced(grey, PAPER_SIDE // 2)
    detail = small - ndimage.uniform_filter(small, max(small.shape))
    deviation = float(detail.std())
    if deviation < 1e-6:
        return True
    skewness = float((detail**3).mean()) / deviation**3
    dark = small <= otsu_threshold(small)
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    return bool(1 - 2 * border.mean() - skewness > 0)


def stroke_width(mask: np.ndarray) -> float:
    """Return the typical stroke width of a mask in pixels, or 1 if the mask is empty.

    The width is computed from the mean distance of the mask's pixels to the background.
    In a strip of width w, this mean is (w / 2 + 1) / 2.
    """
    if not mask.any():
        return 1.0
    # Drop the rows and columns that are neither inked nor beside ink. This does not
    # change the distances.
    for axis in (1, 0):
        inked = np.pad(mask.any(axis=axis), 1)
        near = ndimage.maximum_filter1d(inked.view(np.uint8), 3)
        mask = np.compress(near, np.pad(mask, 1), axis=1 - axis)
    # The distances of the ink alone take a third less time and half the memory.
    nearest = ndimage.distance_transform_edt(
        mask, return_distances=False, return_indices=True
    )
    offsets = (
        paper[mask] - ink for paper, ink in zip(nearest, np.nonzero(mask), strict=True)
    )
    return max(1.0, 4 * float(np.hypot(*offsets).mean()) - 2)


def noise_level(grey: np.ndarray) -> float:
    """Return an estimate of the standard deviation of a page's noise.

    The 3x3 mean is subtracted from the page. The estimate is based on the median
    absolute value of the difference. Ink hardly changes this median.
    """
    detail = grey - ndimage.uniform_filter(grey, 3)
    return MAD_TO_STD * float(np.median(np.abs(detail)))


def otsu_threshold(density: np.ndarray) -> float:
    """Return Otsu's threshold of the densities, or 1 if they are nearly equal.

    No density is above 1, so a threshold of 1 means that the page has no ink.
    """
    from skimage.filters import threshold_otsu

    if density.max() - density.min() < 1e-3:
        return 1.0
    return float(threshold_otsu(density))


def reduced(grey: np.ndarray, side: int) -> np.ndarray:
    """Return the page, reduced so that its longest side is at most ``side`` pixels.

    Larger pages are reduced by area averaging. All others are returned as they are.
    """
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
    """Return the page resized to ``shape``, as float32.

    A page that has this shape already is returned as it is.
    """
    if grey.shape == tuple(shape):
        return grey
    image = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    return np.asarray(image.resize(shape[::-1], resample))


def _ink_contrast(density: np.ndarray, threshold: float) -> float:
    """Return the mean density above the threshold minus the mean density below it."""
    ink = density > threshold
    if not ink.any():
        return 0.0
    return float(density[ink].mean() - density[~ink].mean())


def _relative_darkness(grey: np.ndarray, paper: np.ndarray) -> np.ndarray:
    return (paper - grey) / np.maximum(paper, np.float32(MIN_PAPER_LEVEL))


def _paper_level_and_noise_floor(
    density: np.ndarray, threshold: float
) -> tuple[float, float]:
    """Return the density of bare paper, and the noise floor relative to this density.

    ``threshold`` is Otsu's threshold of ``density``. On a page with ink, it separates
    paper from ink. On a page with only noise, it splits the noise into two halves. It
    then explains a smaller share of the variance (0.64 for a normal distribution).

    The noise floor is computed from the spread of the densities below the threshold. If
    these are only one half of the noise, their spread is scaled to the spread of the
    whole noise. There is one exception: the spread is not scaled if some pixels are far
    darker than the noise.
    """
    paper = density <= threshold
    paper_level, spread = _median_and_spread(density[paper])
    share = float(paper.mean())
    if share == 1:
        return paper_level, 5 * spread
    contrast = float(density[~paper].mean() - density[paper].mean())
    explained = share * (1 - share) * contrast**2
    if explained >= MIN_EXPLAINED_VARIANCE * float(density.var()):
        return paper_level, min(5 * spread, 0.6 * (threshold - paper_level))
    if density.max() < paper_level + 12 * spread:
        spread *= HALF_NORMAL_TO_STD
    return paper_level, 5 * spread


def _median_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Return the median, and a robust estimate of the standard deviation."""
    median = np.median(values)
    return float(median), MAD_TO_STD * float(np.median(np.abs(values - median)))


def _odd_size(size: float) -> int:
    return max(3, 2 * round(size / 2) + 1)
