"""Parse the IDX format of the published MNIST files, gzipped or not.

A file consists of three parts:

1. the magic number 00 00 08 d: 08 means unsigned bytes, and d is the number of
   dimensions;
2. the sizes of the d dimensions, as big-endian 32-bit integers;
3. the array's bytes in C order.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

import gzip
import io
import math
import zlib

import numpy as np

from digit_recognition.datasets.damage import MAX_UNPACKED_BYTES

GZIP_MAGIC = b"\x1f\x8b"


def parse_idx(content: bytes, dimensions: int) -> np.ndarray:
    """Return the uint8 array that an IDX file holds.

    ``content`` is the whole file, gzipped or not. ``dimensions`` is the expected number
    of dimensions. Raises ValueError for damaged gzip data, a wrong magic number, or
    missing or extra bytes.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]), dimensions=1)
    array([7, 3], dtype=uint8)
    """
    if content.startswith(GZIP_MAGIC):
        try:
            content = _unpack(content, 4 + 4 * dimensions)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"expected a whole gzip file, received {error}") from error
    magic = bytes((0, 0, 8, dimensions))
    if content[:4] != magic:
        raise ValueError(
            f"expected the magic number {magic.hex()}, received "
            f"{content[:4].hex() or 'an empty file'}"
        )
    start = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:start].ljust(4 * dimensions, b"\0"), ">u4")
    size = math.prod(int(length) for length in shape)
    if len(content) != start + size:
        raise ValueError(
            f"expected {start + size} bytes for the shape "
            f"{tuple(shape.tolist())}, received {len(content)}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _unpack(content: bytes, header_size: int) -> bytes:
    """Unpack a gzipped IDX file, but at most one byte more than its header declares.

    If this extra byte exists, the file is too long. ``header_size`` is the size of the
    header in bytes. After the header, at most MAX_UNPACKED_BYTES + 1 bytes are
    unpacked.
    """
    with gzip.open(io.BytesIO(content)) as file:
        header = file.read(header_size)
        size = math.prod(
            int.from_bytes(header[i : i + 4]) for i in range(4, len(header), 4)
        )
        return header + file.read(min(size, MAX_UNPACKED_BYTES) + 1)
