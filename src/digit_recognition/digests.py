"""Digests that show whether two arrays, datasets or models are identical."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from digit_recognition.datasets.chunks import AnyArray, iterate_chunks


def array_digest(array: AnyArray) -> str:
    """Return the SHA-256 of the array's bytes in C order, as 64 hex digits.

    The digest is computed from the bytes only, without the shape and the dtype. For
    example, it is the same for images in the shape (n, 28, 28) and in the shape
    (n, 28, 28, 1). A Dask array is read chunk by chunk.
    """
    digest = hashlib.sha256()
    for chunk in iterate_chunks(array):
        digest.update(np.ascontiguousarray(chunk).data)
    return digest.hexdigest()


def combined_digest(arrays: Mapping[str, AnyArray]) -> str:
    """Return one SHA-256 for all arrays together, as 64 hex digits.

    The SHA-256 is computed from a text. Each line of the text has the name of an array,
    a space and the digest of this array. The lines are sorted by name.
    """
    lines = "".join(f"{name} {array_digest(arrays[name])}\n" for name in sorted(arrays))
    return hashlib.sha256(lines.encode()).hexdigest()


def weights_digest(weights: Iterable[np.ndarray]) -> str:
    """Return one SHA-256 of all arrays' shapes, dtypes and bytes, as 64 hex digits.

    Pass ``model.get_weights()``. Two models with the same layers have the same digest
    if and only if all their weights are equal bit for bit.
    """
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.shape} {array.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
