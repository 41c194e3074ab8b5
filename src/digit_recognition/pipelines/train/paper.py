"""Random paper for training images: light, ink, lines, holes, blur and noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from digit_recognition.parameters import Parameters

if TYPE_CHECKING:
    import tensorflow as tf

Share = Annotated[float, Field(ge=0, le=1)]


class Paper(Parameters):
    """What happens to a ``share`` of the images; the others stay white ink on black.

    Each of these is the share of those to which it happens: ``lines``, a straight line
    across; ``holes``, a rectangle missing; ``blurred``, by up to ``blur``;
    ``sharpened``, as scanners do, by up to ``sharpening`` times what a blur of up to
    ``blur`` takes away; ``bars``, grey bars over two sides; ``noisy``, by up to
    ``noise``; ``inverted``, ink darker than the paper.

    ``blur`` is the standard deviation of a Gaussian in pixels, down and across on their
    own; ``noise`` that of a pixel. Ink and paper differ by at least ``contrast`` (of
    0..1), before the light falls off by up to ``slope`` of 0..1 from edge to edge.
    """

    share: Share
    lines: Share
    holes: Share
    blurred: Share
    sharpened: Share
    blur: Annotated[float, Field(ge=0.2, le=5)]
    sharpening: Annotated[float, Field(ge=0, le=20)]
    inverted: Share
    contrast: Annotated[float, Field(gt=0, le=1)]
    slope: Share
    bars: Share
    noisy: Share
    noise: Annotated[float, Field(ge=0, le=1)]


def put_on_paper(images: tf.Tensor, seed: tf.Tensor, paper: Paper) -> tf.Tensor:
    """The images, float32 (n, height, width, 1) in 0..1, some of them on paper.

    ``seed`` is two integers that alone decide which and how.
    """
    import tensorflow as tf

    def change(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        seeds = iter(tf.unstack(tf.random.split(seed, 7)))
        for share, drawn in (
            (paper.lines, draw_line),
            (paper.holes, cut_hole),
            (paper.blurred, partial(blur, most=paper.blur)),
            (
                paper.sharpened,
                partial(sharpen, most=paper.sharpening, blurring=paper.blur),
            ),
            (1.0, partial(light, paper=paper)),
            (paper.bars, cover_bars),
            (paper.noisy, partial(add_noise, most=paper.noise)),
        ):
            x = on_some(x, next(seeds), share, drawn)
        return tf.clip_by_value(x, 0.0, 1.0)

    changed = on_some(images[..., 0], seed, paper.share, change)
    return changed[..., None]


def on_some(
    images: tf.Tensor,
    seed: tf.Tensor,
    share: float,
    change: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """The images, a random ``share`` of them changed."""
    import tensorflow as tf

    if share in (0, 1):
        return change(images, seed) if share else images
    which, how = tf.unstack(tf.random.split(seed, 2))
    count = tf.shape(images)[0]
    some = tf.cast(tf.round(share * tf.cast(count, tf.float32)), tf.int32)
    rows = tf.random.experimental.stateless_shuffle(tf.range(count), which)[:some]
    changed = change(tf.gather(images, rows), how)
    return tf.tensor_scatter_nd_update(images, rows[:, None], changed)


def draw_line(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """A straight line across each, 0.6 to 2.4 pixels wide, of 0.2 to full ink."""
    import tensorflow as tf

    angle, offset, width, ink = _drawn(
        images, seed, (0.0, 3.1416), (-12.0, 12.0), (0.3, 1.2), (0.2, 1.0)
    )
    down, right = _from_centre(images)
    distance = tf.abs(down * tf.cos(angle) + right * tf.sin(angle) - offset)
    line = tf.clip_by_value(width + 0.5 - distance, 0.0, 1.0)
    return tf.maximum(images, ink * line)


def cut_hole(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """A rectangle of each left out, 2 to 8 pixels high and wide, near the middle."""
    import tensorflow as tf

    y, x, high, wide = _drawn(
        images, seed, (-10.0, 10.0), (-10.0, 10.0), (1.0, 4.0), (1.0, 4.0)
    )
    down, right = _from_centre(images)
    hole = (tf.abs(down - y) < high) & (tf.abs(right - x) < wide)
    return tf.where(hole, 0.0, images)


def blur(images: tf.Tensor, seed: tf.Tensor, most: float) -> tf.Tensor:
    """Each blurred down and across, by matrices from pixels to pixels."""
    import tensorflow as tf

    side = images.shape[1]
    pixels = tf.range(side, dtype=tf.float32)
    squared = (pixels[:, None] - pixels[None]) ** 2
    down, across = (
        tf.nn.softmax(-squared / (2 * sigma**2), axis=2)
        for sigma in _drawn(images, seed, (0.2, most), (0.2, most))
    )
    return tf.matmul(tf.matmul(down, images), across, transpose_b=True)


def sharpen(
    images: tf.Tensor, seed: tf.Tensor, most: float, blurring: float
) -> tf.Tensor:
    """Each with more of what a blur takes away: an unsharp mask.

    Ink then ends in a rim, and paper in a halo, beyond 0..1.
    """
    import tensorflow as tf

    how, much = tf.unstack(tf.random.split(seed, 2))
    (amount,) = _drawn(images, much, (0.0, most))
    return images + amount * (images - blur(images, how, blurring))


def light(images: tf.Tensor, seed: tf.Tensor, paper: Paper) -> tf.Tensor:
    """Ink of one brightness on paper of another, in light that falls off to a side."""
    import tensorflow as tf

    contrast, level, negative, slope, angle = _drawn(
        images,
        seed,
        (paper.contrast, 1.0),
        (0.0, 1.0),
        (0.0, 1.0),
        (0.0, paper.slope),
        (0.0, 6.2832),
    )
    darker = level * (1 - contrast)  # of ink and paper
    inverted = negative < paper.inverted
    base = tf.where(inverted, darker + contrast, darker)
    contrast = tf.where(inverted, -contrast, contrast)
    down, right = _from_centre(images)
    fall = slope * (down * tf.cos(angle) + right * tf.sin(angle)) / images.shape[1]
    return base + fall + contrast * images


def cover_bars(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Grey bars over two opposite sides of each, or beside it, at any angle."""
    import tensorflow as tf

    angle, *bars = _drawn(
        images, seed, (0.0, 6.2832), *2 * [(6.0, 16.0), (1.5, 5.0), (0.0, 1.0)]
    )
    down, right = _from_centre(images)
    across = down * tf.cos(angle) + right * tf.sin(angle)
    for side, (offset, width, grey) in ((1, bars[:3]), (-1, bars[3:])):
        bar = tf.clip_by_value(width + 0.5 - tf.abs(across - side * offset), 0.0, 1.0)
        images += bar * (grey - images)
    return images


def add_noise(images: tf.Tensor, seed: tf.Tensor, most: float) -> tf.Tensor:
    """Gaussian noise, of its own strength on each."""
    import tensorflow as tf

    strength, pixels = tf.unstack(tf.random.split(seed, 2))
    (sigma,) = _drawn(images, strength, (0.0, most))
    return images + sigma * tf.random.stateless_normal(tf.shape(images), pixels)


def _drawn(
    images: tf.Tensor, seed: tf.Tensor, *ranges: tuple[float, float]
) -> list[tf.Tensor]:
    """For each range a number for each image, (n, 1, 1)."""
    import tensorflow as tf

    shape = (tf.shape(images)[0], len(ranges))
    drawn = tf.unstack(tf.random.stateless_uniform(shape, seed), axis=1)
    return [
        (low + (high - low) * share)[:, None, None]
        for share, (low, high) in zip(drawn, ranges, strict=True)
    ]


def _from_centre(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """How far down (1, height, 1) and right (1, 1, width) of the centre pixels are."""
    import tensorflow as tf

    _, height, width = images.shape
    down = tf.range(height, dtype=tf.float32) - (height - 1) / 2
    right = tf.range(width, dtype=tf.float32) - (width - 1) / 2
    return down[None, :, None], right[None, None]
