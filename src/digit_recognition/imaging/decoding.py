"""Picture files of any kind, as pages of grey."""

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

from digit_recognition.errors import ProjectError

from . import pillow_modes

STARTS = {
    "PNG": rb"\x89PNG",
    "JPEG": rb"\xff\xd8",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "BMP": rb"BM",
    "GIF": rb"GIF8",
    "WEBP": rb"RIFF....WEBP",
}
PLUGINS = {"WEBP": "WebP"}
LEAST_SIDE = 4  # pixels
MOST_PIXELS = 100_000_000  # of a page in its file: A3 at 600 dpi has 70 million
SEARCHED_PIXELS = 16_000_000  # what is larger is reduced: A4 at 400 dpi has 15 million
NEW_SUBFILE_TYPE, REDUCED = 254, 1  # TIFF's tag, and bit, of a page repeated smaller


@dataclass(frozen=True, eq=False)
class Page:
    """Float32 (h, w) in 0..1, 1 white; ``scale`` of the picture's pixels to each."""

    grey: np.ndarray
    scale: int


class UnreadablePicture(ProjectError):  # noqa: N818 (it is not an error of the program)
    """A picture that gives no page, or no further one; the message is the reason."""


def decode(source: str | os.PathLike | BinaryIO) -> Iterator[Page]:
    """Every page of a TIFF, the first frame of any other picture, one at a time.

    Turned as EXIF says, which is how ``scale`` leads to the picture's pixels. Raises
    UnreadablePicture, and nothing else, whatever the file holds.
    """
    with contextlib.ExitStack() as stack:
        is_open = hasattr(source, "read")
        file = source if is_open else stack.enter_context(_open(Path(source)))
        kind = _kind(file)
        # Pillow would load all its plugins for one that it does not know yet.
        importlib.import_module(f"PIL.{PLUGINS.get(kind, kind.title())}ImagePlugin")
        with _whole(kind):
            picture = Image.open(file, formats=(kind,))
        yield _page(picture, kind)
        for number in count(1) if kind == "TIFF" else ():
            with _whole(kind):
                try:
                    picture.seek(number)
                except EOFError:
                    return
                repeated = picture.tag_v2.get(NEW_SUBFILE_TYPE, 0) & REDUCED
            if not repeated:
                yield _page(picture, kind)


def _open(path: Path) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return path.open("rb")
    except FileNotFoundError as error:
        received = "a link to nothing" if path.is_symlink() else "none"
        raise UnreadablePicture(f"expected a file, received {received}") from error
    except (OSError, ValueError) as error:
        raise _refused(error) from error
    # To open a named pipe would wait until someone writes into it.
    received = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    raise UnreadablePicture(f"expected a file, received {received}")


def _refused(error: Exception) -> UnreadablePicture:
    said = getattr(error, "strerror", None) or error
    return UnreadablePicture(f"expected a file that can be read, received: {said}")


def _kind(file: BinaryIO) -> str:
    try:
        file.seek(0)
        start = file.read(512)
    except OSError as error:
        raise _refused(error) from error
    for kind, pattern in STARTS.items():
        if re.match(pattern, start, re.DOTALL):
            return kind
    if not start:
        raise UnreadablePicture("expected a picture, received an empty file")
    if _is_text(start):
        raise UnreadablePicture("expected a picture, received text")
    raise UnreadablePicture(
        "expected PNG, JPEG, TIFF, BMP, GIF or WebP, received another kind of file; "
        "convert it"
    )


def _is_text(start: bytes) -> bool:
    text = start.decode(errors="ignore")  # the last letter may be cut
    return len(start) - len(text.encode()) < 4 and all(
        letter.isprintable() or letter.isspace() for letter in text.lstrip("\ufeff")
    )


@contextlib.contextmanager
def _whole(kind: str) -> Iterator[None]:
    """What Pillow raises, which may be anything, tells of a file that is not whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except UnreadablePicture:
            raise
        except Image.DecompressionBombError as error:
            pixels = re.search(r"\d+", str(error))
            raise _too_large(int(pixels[0]) if pixels else math.inf) from error
        except Exception as error:
            raise UnreadablePicture(
                f"expected a whole {kind}, received one that is damaged or cut off; "
                "save it again"
            ) from error


def _too_large(pixels: float) -> UnreadablePicture:
    return UnreadablePicture(
        f"expected at most {MOST_PIXELS:,} pixels, received {pixels:,}; make it smaller"
    )


def _page(picture: Image.Image, kind: str) -> Page:
    width, height = picture.size
    if min(width, height) < LEAST_SIDE:
        raise UnreadablePicture(
            f"expected at least {LEAST_SIDE} x {LEAST_SIDE} pixels, received "
            f"{width} x {height}; take the original"
        )
    with _whole(kind):
        factor = _factor(picture.size)
        # A JPEG can be decoded at a half, a quarter or an eighth of its size.
        picture.draft(None, (width // factor, height // factor))
        drafted = round(width / picture.width)
        if math.prod(picture.size) > MOST_PIXELS:
            raise _too_large(math.prod(picture.size))
        picture.load()
        image = pillow_modes.plain(picture)
        factor = _factor(image.size)
        image = image.reduce(factor) if factor > 1 else image
        with contextlib.suppress(Exception):  # what is damaged in EXIF turns nothing
            image = ImageOps.exif_transpose(image)
        return Page(pillow_modes.grey(image), drafted * factor)


def _factor(size: tuple[int, int]) -> int:
    """By what each side is divided for the search to have no more than it needs."""
    return math.ceil(math.sqrt(math.prod(size) / SEARCHED_PIXELS))
