"""NumPy arrays in memory, and Dask arrays that stay on the disk."""

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
    """Return a Zarr array as a Dask array, which reads its chunks when needed.

    Raises ProjectError if Dask is not installed.
    """
    try:
        from dask.array import from_zarr
    except ImportError as error:
        raise missing_extra(error) from error
    return from_zarr(array)


def is_chunked(array: Any) -> TypeIs[DaskArray]:
    """Return whether the array stays on the disk, and is read chunk by chunk."""
    return hasattr(array, "chunks")


def read_rows(array: AnyArray, rows: np.ndarray) -> np.ndarray:
    """Return the elements at ``rows`` of the first axis, as a NumPy array.

    Only the chunks that contain these rows are read, one after another. If ``rows`` are
    sorted, each chunk is read only once. Memory never holds two chunks at a time.
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
    """Return the index of each chunk's first row, followed by the number of rows.

    An array in memory is one chunk.
    """
    sizes = array.chunks[0] if is_chunked(array) else (len(array),)
    return np.cumsum([0, *sizes])


def iterate_chunks(array: AnyArray) -> Iterator[np.ndarray]:
    """Yield the array in parts along its first axis, one chunk at a time."""
    for start, stop in pairwise(chunk_starts(array)):
        part = array[start:stop]
        yield part.compute(scheduler="synchronous") if is_chunked(part) else part
