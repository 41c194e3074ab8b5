"""Digests that show whether two arrays, datasets or models are identical."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np


def array_digest(array: np.ndarray) -> str:
    """Return the SHA-256 of the array's bytes in C order, as 64 hex digits.

    Shape and dtype are left out, so the digest does not depend on the file format that
    the array came in.
    """
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def combined_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of the lines ``name digest``, sorted by name."""
    lines = "".join(f"{name} {array_digest(arrays[name])}\n" for name in sorted(arrays))
    return hashlib.sha256(lines.encode()).hexdigest()


def weights_digest(weights: Iterable[np.ndarray]) -> str:
    """Return the SHA-256 of each array's shape, dtype and bytes, as 64 hex digits.

    Two models of the same layers have the same digest of ``model.get_weights()``
    exactly if all weights are equal bit for bit.
    """
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.shape} {array.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
