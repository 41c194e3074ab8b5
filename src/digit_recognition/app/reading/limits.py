"""Limits on uploaded pictures: bytes, pixels, JPEG scans and reading time."""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from digit_recognition.datasets.picture_formats import identify_format
from digit_recognition.imaging.decoding import SIGNATURE_BYTES, UnreadablePicture

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MAX_BYTES = 8_000_000
MAX_PIXELS = 25_000_000

MAX_SECONDS = 10.0
"""Maximum time for decoding and reading one picture."""

MAX_SCANS = 200
"""Maximum number of scans of a progressive JPEG. Cameras and programs write about 10. A
scan needs only 40 bytes, so a small file can contain very many. Decoding a scan can
take 0.1 s."""

SMALL_PIXELS = 1_000_000

START_OF_SCAN = b"\xff\xda"

_deadline = threading.local()


class TooSlow(UnreadablePicture):
    """Raised if reading a picture takes too long."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Set the time limit of this thread for the ``with`` block.

    After this time, `check_time` raises TooSlow.
    """
    _deadline.value = time.monotonic() + seconds
    _deadline.seconds = seconds
    try:
        yield
    finally:
        _deadline.value = None


def check_time() -> None:
    """Raise TooSlow if the time limit of this thread has passed."""
    end = getattr(_deadline, "value", None)
    if end is not None and time.monotonic() > end:
        raise TooSlow(
            f"expected a picture that is read within {_deadline.seconds:g} seconds, "
            "received a larger or more crowded one; reduce it, or cut the numbers out"
        )


class TimedFile(io.BytesIO):
    """A file in memory. Its ``read`` raises TooSlow after the thread's time limit."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes. Raises TooSlow if the time limit has passed."""
        check_time()
        return super().read(size)


class TimedSession:
    """An ONNX Runtime session. Its ``run`` checks the thread's time limit.

    ``run`` is called many times while a page with many digits is read, so reading stops
    soon after the time limit.
    """

    def __init__(self, session: InferenceSession):
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, *arguments: Any) -> Any:
        """Return the model's outputs. Raises TooSlow if the time limit has passed."""
        check_time()
        return self._session.run(*arguments)


def check_upload(data: bytes) -> None:
    """Raise UnreadablePicture for a file with too many bytes or too many JPEG scans.

    A progressive JPEG stores its picture in several scans. Decoding each of them takes
    time.
    """
    if len(data) > MAX_BYTES:
        raise UnreadablePicture(too_many_bytes(f"{len(data):,}"))
    if data.startswith(b"\xff\xd8") and data.count(START_OF_SCAN) > MAX_SCANS:
        raise UnreadablePicture(
            f"expected a JPEG of at most {MAX_SCANS} scans, received "
            f"{data.count(START_OF_SCAN):,}; save it again"
        )


def is_small(data: bytes) -> bool:
    """Return whether a file is a picture with at most SMALL_PIXELS pixels.

    The result is False for every TIFF file, because it may have several pages.
    """
    form = identify_format(data[:SIGNATURE_BYTES])
    if form is None or form.has_pages:
        return False
    with contextlib.suppress(Exception):  # a damaged file is not small
        importlib.import_module(form.plugin)
        with Image.open(io.BytesIO(data), formats=(form.name.upper(),)) as picture:
            return math.prod(picture.size) <= SMALL_PIXELS
    return False


def too_many_bytes(received: str = "more") -> str:
    """Return the error message for a file that is too large.

    ``received`` is the file's number of bytes, or "more" if this number is not known.
    """
    return (
        f"expected a picture of at most {MAX_BYTES // 1_000_000} MB "
        f"({MAX_BYTES:,} bytes), received {received}; reduce it"
    )
