"""Digests that show whether two arrays, datasets or models are identical."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from digit_recognition.datasets.chunks import AnyArray, iterate_chunks


def array_digest(array: AnyArray) -> str:
    """Return the SHA-256 of the array's bytes in C order, as 64 hex digits.

    The shape and the dtype are not included. For example, the shapes (n, 28, 28) and
    (n, 28, 28, 1) of the same images have the same digest. A Dask array is read chunk
    by chunk.
    """
    digest = hashlib.sha256()
    for chunk in iterate_chunks(array):
        digest.update(np.ascontiguousarray(chunk).data)
    return digest.hexdigest()


def combined_digest(arrays: Mapping[str, AnyArray]) -> str:
    """Return one SHA-256 for all arrays together, as 64 hex digits.

    This is the digest of a text that has one line ``name digest`` per array, sorted by
    name.
    """
    lines = "".join(f"{name} {array_digest(arrays[name])}\n" for name in sorted(arrays))
    return hashlib.sha256(lines.encode()).hexdigest()


def weights_digest(weights: Iterable[np.ndarray]) -> str:
    """Return one SHA-256 of the shapes, dtypes and bytes of arrays, as 64 hex digits.

    Two models with the same layers have equal digests of ``model.get_weights()`` if
    and only if all their weights are equal bit for bit.
    """
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.shape} {array.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
