"""Put training images on random paper: add light, lines, holes, blur and noise.

The images then resemble photos and scans of handwriting on paper.

In this module, images are (n, height, width), except in ``put_on_paper``. Ink is 1 and
paper is 0 until ``apply_light`` sets their brightness. A ``seed`` is an array of two
integers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from digit_recognition.parameters import Fraction, Parameters

if TYPE_CHECKING:
    import tensorflow as tf


class Paper(Parameters):
    """Settings that make some of the images look like digits on paper.

    The fraction ``share`` of the images is chosen at random and put on paper. The other
    images stay white on black. Each field in this list is the fraction of the images on
    paper that get the described change:

    - ``lines``: a straight line crosses the image.
    - ``holes``: a rectangle of the image is erased.
    - ``blurred``: the image is blurred with a Gaussian. The vertical and the horizontal
      standard deviation are random and at most ``blur`` pixels.
    - ``sharpened``: the image is sharpened with an unsharp mask, as scanners do. This
      adds the difference between the image and a blurred copy, multiplied by at most
      ``sharpening``. The copy is blurred in the same way as ``blurred`` images.
    - ``inverted``: the ink is darker than the paper. In the other images, the ink is
      brighter, as in MNIST.
    - ``bars``: grey bars cover two opposite sides of the image.
    - ``noisy``: the image has Gaussian noise with a standard deviation of at most
      ``noise``.

    The brightness (0..1) of ink differs from the brightness of paper by at least
    ``contrast``. In addition, the image gets darker from one side to the opposite side,
    by at most ``slope``.
    """

    share: Fraction
    lines: Fraction
    holes: Fraction
    blurred: Fraction
    sharpened: Fraction
    blur: Annotated[float, Field(ge=0.2, le=5)]
    sharpening: Annotated[float, Field(ge=0, le=20)]
    inverted: Fraction
    contrast: Annotated[float, Field(gt=0, le=1)]
    slope: Fraction
    bars: Fraction
    noisy: Fraction
    noise: Annotated[float, Field(ge=0, le=1)]


def put_on_paper(images: tf.Tensor, seed: tf.Tensor, paper: Paper) -> tf.Tensor:
    """Put the fraction ``paper.share`` of the images on random paper.

    ``images`` and the result are float32 (n, height, width, 1) in 0..1. ``seed``
    determines all random values.
    """
    import tensorflow as tf

    def change(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        seeds = iter(tf.unstack(tf.random.split(seed, 7)))
        for share, change_images in (
            (paper.lines, draw_line),
            (paper.holes, cut_hole),
            (paper.blurred, partial(blur, max_sigma=paper.blur)),
            (
                paper.sharpened,
                partial(sharpen, max_amount=paper.sharpening, max_sigma=paper.blur),
            ),
            (1.0, partial(apply_light, paper=paper)),
            (paper.bars, cover_bars),
            (paper.noisy, partial(add_noise, max_sigma=paper.noise)),
        ):
            x = apply_to_share(x, next(seeds), share, change_images)
        return tf.clip_by_value(x, 0.0, 1.0)

    changed = apply_to_share(images[..., 0], seed, paper.share, change)
    return changed[..., None]


def apply_to_share(
    images: tf.Tensor,
    seed: tf.Tensor,
    share: float,
    change: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """Apply ``change`` to the fraction ``share`` of the images, chosen at random.

    ``change`` takes the chosen images and a seed, and returns the changed images.
    """
    import tensorflow as tf

    if share in (0, 1):
        return change(images, seed) if share else images
    choice, changes = tf.unstack(tf.random.split(seed, 2))
    count = tf.shape(images)[0]
    chosen = tf.cast(tf.round(share * tf.cast(count, tf.float32)), tf.int32)
    rows = tf.random.experimental.stateless_shuffle(tf.range(count), choice)[:chosen]
    changed = change(tf.gather(images, rows), changes)
    return tf.tensor_scatter_nd_update(images, rows[:, None], changed)


def draw_line(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draw a straight line across each image.

    The line is 0.6 to 2.4 pixels wide. Its brightness is 0.2 to 1, where ink is 1.
    """
    import tensorflow as tf

    angle, offset, width, ink = _draw(
        images, seed, (0.0, 3.1416), (-12.0, 12.0), (0.3, 1.2), (0.2, 1.0)
    )
    down, right = _from_centre(images)
    distance = tf.abs(down * tf.cos(angle) + right * tf.sin(angle) - offset)
    line = tf.clip_by_value(width + 0.5 - distance, 0.0, 1.0)
    return tf.maximum(images, ink * line)


def cut_hole(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Erase a rectangle in each image, with sides of 2 to 8 pixels.

    The centre of the rectangle is at most 10 pixels from the centre of the image, in
    the vertical and in the horizontal direction.
    """
    import tensorflow as tf

    y, x, high, wide = _draw(
        images, seed, (-10.0, 10.0), (-10.0, 10.0), (1.0, 4.0), (1.0, 4.0)
    )
    down, right = _from_centre(images)
    hole = (tf.abs(down - y) < high) & (tf.abs(right - x) < wide)
    return tf.where(hole, 0.0, images)


def blur(images: tf.Tensor, seed: tf.Tensor, max_sigma: float) -> tf.Tensor:
    """Blur each image with a Gaussian.

    For each image, the vertical and the horizontal standard deviation are chosen at
    random, independently of each other, from 0.2 to ``max_sigma`` pixels. The blur is
    computed by two matrix products, one for each direction.
    """
    import tensorflow as tf

    side = images.shape[1]
    pixels = tf.range(side, dtype=tf.float32)
    squared = (pixels[:, None] - pixels[None]) ** 2
    down, across = (
        tf.nn.softmax(-squared / (2 * sigma**2), axis=2)
        for sigma in _draw(images, seed, (0.2, max_sigma), (0.2, max_sigma))
    )
    return tf.matmul(tf.matmul(down, images), across, transpose_b=True)


def sharpen(
    images: tf.Tensor, seed: tf.Tensor, max_amount: float, max_sigma: float
) -> tf.Tensor:
    """Sharpen each image with an unsharp mask; results may lie outside 0..1.

    The difference between the image and a blurred copy is multiplied by a random amount
    of at most ``max_amount``, and added to the image. Ink is 1 and paper is 0, so this
    makes strokes brighter at their edges, and the paper beside them darker.
    The copy is made by ``blur`` with ``max_sigma``.
    """
    import tensorflow as tf

    blur_seed, amount_seed = tf.unstack(tf.random.split(seed, 2))
    (amount,) = _draw(images, amount_seed, (0.0, max_amount))
    return images + amount * (images - blur(images, blur_seed, max_sigma))


def apply_light(images: tf.Tensor, seed: tf.Tensor, paper: Paper) -> tf.Tensor:
    """Give ink and paper random brightness, and make each image darker on one side.

    The position of this side is random, too. Results may lie outside 0..1.
    """
    import tensorflow as tf

    contrast, level, inversion, slope, angle = _draw(
        images,
        seed,
        (paper.contrast, 1.0),
        (0.0, 1.0),
        (0.0, 1.0),
        (0.0, paper.slope),
        (0.0, 6.2832),
    )
    darker = level * (1 - contrast)  # brightness of ink or paper, whichever is darker
    inverted = inversion < paper.inverted
    base = tf.where(inverted, darker + contrast, darker)
    contrast = tf.where(inverted, -contrast, contrast)
    down, right = _from_centre(images)
    fall = slope * (down * tf.cos(angle) + right * tf.sin(angle)) / images.shape[1]
    return base + fall + contrast * images


def cover_bars(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draw two parallel grey bars on each image, on opposite sides of its centre.

    The angle of the bars is random. Each bar has its own random grey, width and
    distance from the centre.
    """
    import tensorflow as tf

    angle, *bars = _draw(
        images, seed, (0.0, 6.2832), *2 * [(6.0, 16.0), (1.5, 5.0), (0.0, 1.0)]
    )
    down, right = _from_centre(images)
    across = down * tf.cos(angle) + right * tf.sin(angle)
    for side, (offset, width, grey) in ((1, bars[:3]), (-1, bars[3:])):
        bar = tf.clip_by_value(width + 0.5 - tf.abs(across - side * offset), 0.0, 1.0)
        images += bar * (grey - images)
    return images


def add_noise(images: tf.Tensor, seed: tf.Tensor, max_sigma: float) -> tf.Tensor:
    """Add Gaussian noise with a standard deviation of at most ``max_sigma``."""
    import tensorflow as tf

    strength, pixels = tf.unstack(tf.random.split(seed, 2))
    (sigma,) = _draw(images, strength, (0.0, max_sigma))
    return images + sigma * tf.random.stateless_normal(tf.shape(images), pixels)


def _draw(
    images: tf.Tensor, seed: tf.Tensor, *ranges: tuple[float, float]
) -> list[tf.Tensor]:
    """Return a tensor of random values (n, 1, 1) for each range, one value per image.

    Each range is a pair (low, high). The values are uniform between these bounds.
    """
    import tensorflow as tf

    shape = (tf.shape(images)[0], len(ranges))
    drawn = tf.unstack(tf.random.stateless_uniform(shape, seed), axis=1)
    return [
        (low + (high - low) * share)[:, None, None]
        for share, (low, high) in zip(drawn, ranges, strict=True)
    ]


def _from_centre(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the offset of each row and of each column from the centre of the image.

    The offsets of rows (1, height, 1) are positive below the centre. The offsets of
    columns (1, 1, width) are positive to the right of the centre.
    """
    import tensorflow as tf

    _, height, width = images.shape
    down = tf.range(height, dtype=tf.float32) - (height - 1) / 2
    right = tf.range(width, dtype=tf.float32) - (width - 1) / 2
    return down[None, :, None], right[None, None]
