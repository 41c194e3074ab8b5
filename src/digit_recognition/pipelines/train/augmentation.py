"""Augmentation: change the training images at random, differently in each epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from digit_recognition.parameters import Parameters

from .paper import Paper, put_on_paper

if TYPE_CHECKING:
    import tensorflow as tf


class Augmentation(Parameters):
    """Settings for the random changes of the training images.

    For each image, the values of the affine changes are chosen at random, uniformly
    between -limit and +limit. The limits are:

    - ``rotation``: in degrees.
    - ``shift``: in pixels. The vertical and the horizontal shift are independent.
    - ``zoom``: as a fraction of the size. The changes of height and width are
      independent.
    - ``shear``: in pixels of horizontal shift per pixel of height.

    Digits are never mirrored. ``paper`` is applied after the affine changes, and makes
    images look like photos and scans of paper. If ``paper`` is None, digits stay white
    on black.
    """

    rotation: Annotated[float, Field(ge=0, le=45)]
    shift: Annotated[float, Field(ge=0, le=14)]
    zoom: Annotated[float, Field(ge=0, lt=1)]
    shear: Annotated[float, Field(ge=0, le=1)]
    paper: Paper | None = None


def augment(
    images: tf.Tensor, seed: tf.Tensor, augmentation: Augmentation
) -> tf.Tensor:
    """Change each image at random.

    ``images`` and the result are float32 (n, height, width, 1) in 0..1. ``seed`` is an
    array of two integers, which determine all random values. The affine changes of an
    image are applied together, with one bilinear interpolation. Areas outside the
    original image are black.
    """
    import keras
    import tensorflow as tf

    drawn = tf.random.stateless_uniform(
        (tf.shape(images)[0], 6), seed, minval=-1.0, maxval=1.0
    )
    _, height, width, _ = images.shape
    changed = keras.ops.image.affine_transform(
        images,
        affine_transforms(drawn, height, width, augmentation),
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
    """Return the transforms (n, 8) that Keras' ``affine_transform`` takes.

    Each row is ``a0 a1 a2 b0 b1 b2 0 0``. The value of the output pixel (x, y) is the
    value of the input at the point (a0 x + a1 y + a2, b0 x + b1 y + b2). Each transform
    combines a rotation, a shear and a zoom about the centre of the image, and a shift.

    ``drawn`` (n, 6) holds random factors in -1..1. The columns are rotation, shear,
    horizontal zoom, vertical zoom, horizontal shift and vertical shift. Each factor is
    multiplied by the limit of its kind of change, such as ``limits.rotation``.
    """
    import tensorflow as tf

    rotation, shear, zoom_x, zoom_y, shift_x, shift_y = tf.unstack(drawn, axis=1)
    angle, shear = rotation * math.radians(limits.rotation), shear * limits.shear
    zoom_x, zoom_y = 1 / (1 + zoom_x * limits.zoom), 1 / (1 + zoom_y * limits.zoom)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    a0, a1 = zoom_x * (cosine + shear * sine), zoom_x * (shear * cosine - sine)
    b0, b1 = zoom_y * sine, zoom_y * cosine
    x, y = (width - 1) / 2, (height - 1) / 2
    a2 = x - a0 * x - a1 * y + shift_x * limits.shift
    b2 = y - b0 * x - b1 * y + shift_y * limits.shift
    zeros = tf.zeros_like(angle)
    return tf.stack([a0, a1, a2, b0, b1, b2, zeros, zeros], axis=1)
