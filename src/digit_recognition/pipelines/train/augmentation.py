"""Random changes of the training images, a new one for each image in each epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from digit_recognition.parameters import Parameters

from .paper import Paper, put_on_paper

if TYPE_CHECKING:
    import tensorflow as tf


class Augmentation(Parameters):
    """Limits of the affine changes, each drawn evenly between minus and plus it.

    ``rotation`` in degrees; ``shift`` in pixels, down and across on their own;
    ``zoom`` as a fraction of the size, height and width on their own; ``shear`` as
    pixels across for a pixel down. Digits are never mirrored. ``paper`` is what
    happens to the moved images, or null.
    """

    rotation: Annotated[float, Field(ge=0, le=45)]
    shift: Annotated[float, Field(ge=0, le=14)]
    zoom: Annotated[float, Field(ge=0, lt=1)]
    shear: Annotated[float, Field(ge=0, le=1)]
    paper: Paper | None = None


def augment(
    images: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation
) -> tf.Tensor:
    """The images, each changed in its own way, black where nothing was drawn.

    ``images`` is float32 (n, height, width, 1); ``seed`` two integers that alone decide
    what is drawn. All moves of all images are one bilinear resampling.
    """
    import keras
    import tensorflow as tf

    drawn = tf.random.stateless_uniform(
        (tf.shape(images)[0], 6), seed, minval=-1.0, maxval=1.0
    )
    changed = keras.ops.image.affine_transform(
        images,
        affine_transforms(drawn, *images.shape[1:3], augmentation),
        interpolation="bilinear",
        fill_mode="constant",
        data_format="channels_last",
    )
    changed = tf.ensure_shape(changed, images.shape)
    if augmentation.paper is None:
        return changed
    return put_on_paper(changed, tf.random.fold_in(seed, 1), augmentation.paper)


def affine_transforms(
    drawn: tf.Tensor, height: int, width: int, limits: Augmentation
) -> tf.Tensor:
    """Rows a0 a1 a2 b0 b1 b2 0 0, as Keras' ``affine_transform`` takes them.

    What comes to pixel (x, y) is taken from (a0 x + a1 y + a2, b0 x + b1 y + b2): a
    rotation, a shear and a zoom about the image's centre, and a shift. ``drawn`` is
    (n, 6) in -1..1: the shares of rotation, shear, zoom across and down, shift across
    and down.
    """
    import tensorflow as tf

    rotation, shear, across, down, right, low = tf.unstack(drawn, axis=1)
    angle, shear = rotation * math.radians(limits.rotation), shear * limits.shear
    across, down = 1 / (1 + across * limits.zoom), 1 / (1 + down * limits.zoom)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    a0, a1 = across * (cosine + shear * sine), across * (shear * cosine - sine)
    b0, b1 = down * sine, down * cosine
    x, y = (width - 1) / 2, (height - 1) / 2
    a2 = x - a0 * x - a1 * y + right * limits.shift
    b2 = y - b0 * x - b1 * y + low * limits.shift
    none = tf.zeros_like(angle)
    return tf.stack([a0, a1, a2, b0, b1, b2, none, none], axis=1)
