"""Read NumPy arrays in memory and Dask arrays on the disk in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_recognition.errors import missing_extra

if TYPE_CHECKING:
    from dask.array import Array as DaskArray
    from typing_extensions import TypeIs

    AnyArray = np.ndarray | DaskArray
else:
    AnyArray = Any


def open_chunked(array: Any) -> DaskArray:
    """Return a Zarr array as a Dask array, which reads a chunk only when it is needed.

    Raises ProjectError if Dask is not installed.
    """
    try:
        from dask.array import from_zarr
    except ImportError as error:
        raise missing_extra(error) from error
    return from_zarr(array)


def is_chunked(array: Any) -> TypeIs[DaskArray]:
    """Return whether the array is a Dask array, which is read chunk by chunk."""
    return hasattr(array, "chunks")


def read_rows(array: AnyArray, rows: np.ndarray) -> np.ndarray:
    """Return ``array[rows]`` as a NumPy array.

    ``rows`` is a one-dimensional array of indices along the first axis. They must not
    be negative. If ``array`` is a Dask array, only the chunks that contain these rows
    are read, one at a time. If ``rows`` is sorted, each chunk is read only once.
    """
    if not is_chunked(array):
        return array[rows]
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    starts = chunk_starts(array)
    chunks = np.searchsorted(starts, rows, side="right") - 1
    ends = np.flatnonzero(np.diff(chunks)) + 1
    for part in np.split(np.arange(len(rows)), ends):
        if len(part):
            chunk = chunks[part[0]]
            block = array[starts[chunk] : starts[chunk + 1]]
            found[part] = block.compute(scheduler="synchronous")[
                rows[part] - starts[chunk]
            ]
    return found


def chunk_starts(array: AnyArray) -> np.ndarray:
    """Return the index at which each chunk starts along the first axis.

    The result has one more element at the end: the total number of rows of the array.
    For example, chunks of 4, 4 and 2 rows give ``[0, 4, 8, 10]``. A NumPy array counts
    as one chunk.
    """
    sizes = array.chunks[0] if is_chunked(array) else (len(array),)
    return np.cumsum([0, *sizes])


def iterate_chunks(array: AnyArray) -> Iterator[np.ndarray]:
    """Yield each chunk along the first axis as a NumPy array.

    A NumPy array counts as one chunk.
    """
    for start, stop in pairwise(chunk_starts(array)):
        part = array[start:stop]
        yield part.compute(scheduler="synchronous") if is_chunked(part) else part
