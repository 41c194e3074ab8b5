"""Shuffle the training images of an array that is larger than memory."""

from __future__ import annotations

import numpy as np

from digit_recognition.datasets.chunks import AnyArray, chunk_starts, read_rows

BUFFER_IMAGES = 30_000
"""Approximate number of images in the chunks that make up one buffer. Only whole chunks
of the array are used, so their number is rounded up. 30,000 images take 94 MB. The
validation images in these chunks are left out of the buffer."""


class ShuffledBuffers:
    """Divides the training images into buffers, which fit into memory one at a time.

    ``images`` (n, ...) is an array on the disk, which is stored in chunks. ``labels``
    is (n, ...). ``indices`` (k,) holds the indices of the training images.

    Each epoch has its own random order of the chunks. The first few chunks in this
    order form the first buffer, the next few form the second, and so on. A buffer holds
    the training images of its chunks in random order. Only one buffer is in memory.

    The seed and the number of the epoch determine the order of the chunks. The order of
    the images in a buffer depends on the seed, the number of the epoch, and the index
    of the buffer in the epoch, which is called ``place``. Epochs and places are counted
    from 0.
    """

    def __init__(
        self, images: AnyArray, labels: np.ndarray, indices: np.ndarray, seed: int
    ):
        self._images, self._labels, self._seed = images, labels, seed
        self._starts = chunk_starts(images)
        self._indices = np.sort(indices)
        chunks = len(self._starts) - 1
        per_buffer = -(-BUFFER_IMAGES * chunks // max(1, self._starts[-1]))
        self._per_buffer = int(max(1, per_buffer))
        self.count = -(-chunks // self._per_buffer)
        self._loaded: tuple[int, int] | None = None
        self._buffer: tuple[np.ndarray, np.ndarray] | None = None

    def size(self, epoch: int, place: int) -> int:
        """Return the number of images in one buffer of an epoch.

        ``place`` is the index of the buffer in the epoch, counted from 0.
        """
        return len(self._rows(epoch, place))

    def take(
        self, epoch: int, place: int, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return some images and their labels from one buffer of an epoch.

        ``place`` is the index of the buffer in the epoch, counted from 0. ``positions``
        holds the indices of the images in the buffer.
        """
        if self._loaded != (epoch, place):
            self._buffer = None  # frees the memory before the next buffer is read
            self._buffer = self._load(epoch, place)
            self._loaded = epoch, place
        images, labels = self._buffer or self._load(epoch, place)
        return images[positions], labels[positions]

    def _load(self, epoch: int, place: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self._rows(epoch, place)
        order = np.random.default_rng([self._seed, epoch, place]).permutation(len(rows))
        images = np.empty((len(rows), *self._images.shape[1:]), self._images.dtype)
        start = 0
        for chunk in self._chunks(epoch, place):
            found = self._rows_of(chunk)
            images[order[start : start + len(found)]] = read_rows(self._images, found)
            start += len(found)
        labels = np.empty((len(rows), *self._labels.shape[1:]), self._labels.dtype)
        labels[order] = self._labels[rows]
        return images, labels

    def _rows(self, epoch: int, place: int) -> np.ndarray:
        return np.concatenate(
            [self._rows_of(chunk) for chunk in self._chunks(epoch, place)]
        )

    def _chunks(self, epoch: int, place: int) -> np.ndarray:
        order = np.random.default_rng([self._seed, epoch]).permutation(
            len(self._starts) - 1
        )
        return order[place * self._per_buffer : (place + 1) * self._per_buffer]

    def _rows_of(self, chunk: int) -> np.ndarray:
        first, last = np.searchsorted(
            self._indices, [self._starts[chunk], self._starts[chunk + 1]]
        )
        return self._indices[first:last]
