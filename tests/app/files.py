"""Picture files for tests, good ones and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image


def encoded(image: np.ndarray | Image.Image, form: str = "PNG", **options) -> bytes:
    """Return the image as a file of the given format."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png_that_declares(width: int, height: int) -> bytes:
    """Return a small PNG file that declares a size and lacks most of its pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return start + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def jpeg_of_many_scans(scans: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated."""
    data = encoded(Image.new("L", (64, 64), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan, end = data[last:-2], data[-2:]
    return data[:-2] + scan * (scans - data.count(b"\xff\xda")) + end
