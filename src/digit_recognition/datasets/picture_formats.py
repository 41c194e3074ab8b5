"""The picture formats that can be read."""

from __future__ import annotations

import re
from typing import NamedTuple


class PictureFormat(NamedTuple):
    """A picture format: how to recognize its files and how to decode them.

    ``plugin`` is the module of Pillow that contains the decoder. When it is imported,
    it registers the decoder in Pillow under the format's ``name`` in upper case. If
    ``has_pages`` is true, a file can have several pages, and all are read. Otherwise,
    one picture is read. For an animation, this is its first frame.
    """

    name: str
    suffixes: tuple[str, ...]
    signature: bytes
    """Regular expression that matches the start of a file."""
    plugin: str
    has_pages: bool = False


FORMATS = (
    PictureFormat("PNG", (".png",), rb"\x89PNG", "PIL.PngImagePlugin"),
    PictureFormat(
        *("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif")),
        *(rb"\xff\xd8", "PIL.JpegImagePlugin"),
    ),
    PictureFormat(
        *("TIFF", (".tif", ".tiff")),
        *(rb"II[*+]\0|MM\0[*+]", "PIL.TiffImagePlugin"),
        has_pages=True,
    ),
    PictureFormat("BMP", (".bmp", ".dib"), rb"BM", "PIL.BmpImagePlugin"),
    PictureFormat("GIF", (".gif",), rb"GIF8", "PIL.GifImagePlugin"),
    PictureFormat("WebP", (".webp",), rb"RIFF....WEBP", "PIL.WebPImagePlugin"),
)


def identify_format(start: bytes) -> PictureFormat | None:
    """Return the format whose signature matches the first bytes of a file, or None."""
    matches = (f for f in FORMATS if re.match(f.signature, start, re.DOTALL))
    return next(matches, None)


def picture_suffixes() -> frozenset[str]:
    """Return the suffixes of all formats, in lower case with the dot."""
    return frozenset(suffix for form in FORMATS for suffix in form.suffixes)


def format_names() -> str:
    """Return the names of all formats as one string, for use in messages.

    >>> format_names()
    'PNG, JPEG, TIFF, BMP, GIF or WebP'
    """
    *names, last = (form.name for form in FORMATS)
    return f"{', '.join(names)} or {last}"
