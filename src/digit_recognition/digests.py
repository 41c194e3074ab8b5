"""Digests that tell whether two arrays, datasets or models are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of the array's bytes in C order, as 64 hex digits.

    Shape and dtype are not part of it: an array has the same digest whatever file it
    came in.
    """
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


def combined_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over the lines ``name digest``, sorted by name, as 64 hex digits."""
    lines = "".join(f"{name} {array_digest(arrays[name])}\n" for name in sorted(arrays))
    return hashlib.sha256(lines.encode()).hexdigest()


def weights_digest(weights: Iterable[np.ndarray]) -> str:
    """SHA-256 over shape, dtype and bytes of each array in turn, as 64 hex digits.

    Of ``model.get_weights()`` it is the same for two models of the same layers exactly
    if every weight is the same to the last bit.
    """
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.shape} {array.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
