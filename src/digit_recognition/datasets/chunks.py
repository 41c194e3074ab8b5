"""Arrays in memory, of NumPy, and arrays that stay on the disk, of Dask."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from digit_recognition.errors import missing_extra

if TYPE_CHECKING:
    from dask.array import Array as DaskArray

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


def is_chunked(array: AnyArray) -> TypeGuard[DaskArray]:
    """Return whether the array stays on the disk, and is read chunk by chunk."""
    return not isinstance(array, np.ndarray)


def read_rows(array: AnyArray, rows: np.ndarray | slice) -> np.ndarray:
    """Return the elements at ``rows`` of the first axis, as a NumPy array.

    A chunk is read only if it has such elements, and once if ``rows`` are sorted.
    """
    chosen = array[rows]
    if isinstance(chosen, np.ndarray):
        return chosen
    return chosen.compute(scheduler="synchronous")


def chunk_starts(array: AnyArray) -> np.ndarray:
    """Return the first row of each chunk, and the number of rows at the end.

    An array in memory is one chunk.
    """
    sizes = array.chunks[0] if is_chunked(array) else (len(array),)
    return np.cumsum([0, *sizes])


def iterate_chunks(array: AnyArray) -> Iterator[np.ndarray]:
    """Yield the array in parts along its first axis, one chunk at a time."""
    starts = chunk_starts(array)
    for start, stop in pairwise(starts):
        yield read_rows(array, slice(start, stop))
