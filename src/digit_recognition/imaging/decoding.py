"""Decode picture files into greyscale pages."""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from digit_recognition.datasets.picture_formats import (
    PictureFormat,
    format_names,
    identify_format,
)
from digit_recognition.errors import ProjectError

from .pillow_modes import to_basic_mode, to_grey_page

MIN_SIDE = 4
"""Minimum width and height of a page, in pixels."""

MAX_FILE_PIXELS = 100_000_000
"""Maximum number of pixels that Pillow decodes for one page. An A3 page at 600 dpi has
70 million."""

MAX_PAGE_PIXELS = 16_000_000
"""Maximum number of pixels of a `Page`. Larger pages are reduced in size. An A4 page at
400 dpi has 15 million."""

MAX_PAGES = 500
"""Maximum number of pages decoded from one file. Further pages are only counted."""

NEW_SUBFILE_TYPE, REDUCED_IMAGE = 254, 1
"""NEW_SUBFILE_TYPE is the number of the TIFF tag that gives the type of a page. In the
tag's value, the bit REDUCED_IMAGE is set if the page is a smaller copy of another
page."""

SIGNATURE_BYTES = 512


@dataclass(frozen=True, eq=False)
class Page:
    """A greyscale page: ``grey`` is float32 (h, w) in 0..1, where 1 is white.

    One pixel of ``grey`` covers ``scale`` x ``scale`` pixels of the original picture.
    """

    grey: np.ndarray
    scale: int


class UnreadablePicture(ProjectError):  # noqa: N818 (the input is at fault, not the program)
    """Raised if a picture or one of its pages cannot be decoded.

    The message says why.
    """


def decode(
    source: str | os.PathLike | BinaryIO, max_pixels: int | None = None
) -> Iterator[Page]:
    """Yield each page of a TIFF file, or the first frame of any other picture.

    ``source`` is a path or an open binary file. Pages are decoded one at a time and
    rotated as their EXIF orientation says. Pages of a TIFF file that are smaller copies
    of other pages are skipped. The first page is never skipped.

    Every failure raises UnreadablePicture, even if the file is missing or cannot be
    opened. If a file has more than MAX_PAGES pages, the exception is raised after the
    first MAX_PAGES pages have been yielded.

    ``max_pixels`` limits the total number of pixels of all pages, skipped ones
    included. Before each page is decoded, the size that the file declares for it is
    added to the total, and the total is checked.

    >>> for page in decode("scan.tif"):
    ...     print(page.grey.shape, page.scale)
    (2338, 1654) 1
    """
    with contextlib.ExitStack() as stack:
        if isinstance(source, str | os.PathLike):
            file = stack.enter_context(_open(Path(source)))
        else:
            file = source
        form = _identify(file)
        # Without this import, Pillow would load all its plugins to find the decoder.
        importlib.import_module(form.plugin)
        limit = max_pixels or MAX_FILE_PIXELS
        with _pillow_errors_translated(form, limit):
            picture = Image.open(file, formats=(form.name.upper(),))
        pixels = _add_pixels(0, picture, max_pixels)
        yield _decode_page(picture, form)
        pages = 1
        for number in count(1) if form.has_pages else ():
            with _pillow_errors_translated(form):
                try:
                    picture.seek(number)
                except EOFError:
                    break
                is_copy = _subfile_type(picture) & REDUCED_IMAGE
            pixels = _add_pixels(pixels, picture, max_pixels)
            if not is_copy:
                pages += 1
                if pages <= MAX_PAGES:
                    yield _decode_page(picture, form)
        if pages > MAX_PAGES:
            raise UnreadablePicture(
                f"expected at most {MAX_PAGES:,} pages, received {pages:,}; the last "
                f"{pages - MAX_PAGES:,} were not read; split the file"
            )


def _add_pixels(pixels: int, picture: Image.Image, max_pixels: int | None) -> int:
    """Add the picture's number of pixels to ``pixels``, and return the sum.

    Raises UnreadablePicture if the sum is above ``max_pixels``.
    """
    pixels += math.prod(picture.size)
    if max_pixels is not None and pixels > max_pixels:
        raise _too_large(pixels, max_pixels)
    return pixels


def _subfile_type(picture: Image.Image) -> int:
    tags = getattr(picture, "tag_v2", {})
    return tags.get(NEW_SUBFILE_TYPE, 0)


def _open(path: Path) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return path.open("rb")
    except FileNotFoundError as error:
        received = "a link to nothing" if path.is_symlink() else "none"
        raise UnreadablePicture(f"expected a file, received {received}") from error
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    # Opening a named pipe would block until another process writes to it.
    received = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    raise UnreadablePicture(f"expected a file, received {received}")


def _unreadable(error: Exception) -> UnreadablePicture:
    reason = getattr(error, "strerror", None) or error
    return UnreadablePicture(f"expected a file that can be read, received: {reason}")


def _identify(file: BinaryIO) -> PictureFormat:
    try:
        file.seek(0)
        start = file.read(SIGNATURE_BYTES)
    except OSError as error:
        raise _unreadable(error) from error
    if form := identify_format(start):
        return form
    if not start:
        raise UnreadablePicture("expected a picture, received an empty file")
    if _is_text(start):
        raise UnreadablePicture("expected a picture, received text")
    raise UnreadablePicture(
        f"expected {format_names()}, received another kind of file; convert it"
    )


def _is_text(start: bytes) -> bool:
    text = start.decode(errors="ignore")
    undecoded = len(start) - len(text.encode())  # the last character may be cut off
    return undecoded < 4 and all(
        letter.isprintable() or letter.isspace() for letter in text.lstrip("\ufeff")
    )


@contextlib.contextmanager
def _pillow_errors_translated(
    form: PictureFormat, max_pixels: int = MAX_FILE_PIXELS
) -> Iterator[None]:
    """Turn Pillow's exceptions into UnreadablePicture, and ignore Pillow's warnings.

    Damaged files make Pillow's decoders raise exceptions of almost any class. If Pillow
    refuses a picture because it has too many pixels, the error message gives
    ``max_pixels`` as the limit.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except UnreadablePicture:
            raise
        except Image.DecompressionBombError as error:
            pixels = re.search(r"\d+", str(error))
            received = int(pixels[0]) if pixels else math.inf
            raise _too_large(received, max_pixels) from error
        except Exception as error:
            raise UnreadablePicture(
                f"expected a whole {form.name}, received one that is damaged or cut "
                "off; save it again"
            ) from error


def _too_large(pixels: float, limit: int) -> UnreadablePicture:
    return UnreadablePicture(
        f"expected at most {limit:,} pixels, received {pixels:,}; reduce it"
    )


def _decode_page(picture: Image.Image, form: PictureFormat) -> Page:
    width, height = picture.size
    if min(width, height) < MIN_SIDE:
        raise UnreadablePicture(
            f"expected at least {MIN_SIDE} x {MIN_SIDE} pixels, received "
            f"{width} x {height}; use the original picture"
        )
    with _pillow_errors_translated(form):
        factor = _reduction_factor(picture.size)
        # JPEG can be decoded directly at a half, a quarter or an eighth of its size.
        picture.draft(None, (width // factor, height // factor))
        draft_factor = round(width / picture.width)
        if math.prod(picture.size) > MAX_FILE_PIXELS:
            raise _too_large(math.prod(picture.size), MAX_FILE_PIXELS)
        picture.load()
        image = to_basic_mode(picture)
        factor = _reduction_factor(image.size)
        image = image.reduce(factor) if factor > 1 else image
        with contextlib.suppress(Exception):  # damaged EXIF data: do not rotate
            image = ImageOps.exif_transpose(image)
        return Page(to_grey_page(image), draft_factor * factor)


def _reduction_factor(size: tuple[int, int]) -> int:
    """Return the integer factor that reduces a page to at most MAX_PAGE_PIXELS pixels.

    The width and the height are divided by this factor. It is 1 for pages that are
    small enough.
    """
    return math.ceil(math.sqrt(math.prod(size) / MAX_PAGE_PIXELS))
