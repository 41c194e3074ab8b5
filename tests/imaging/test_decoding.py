import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_recognition.datasets import picture_formats
from digit_recognition.datasets.picture_formats import FORMATS, PictureFormat
from digit_recognition.imaging import decoding
from digit_recognition.imaging.decoding import UnreadablePicture, decode

NAMES = [form.name for form in FORMATS]
PICTURE = Image.new("RGB", (60, 40), "white")
PICTURE.paste("navy", (10, 5, 16, 35))


def encoded(form, picture=PICTURE, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def png(width, height):
    """Return a PNG file that is valid except that pixels are missing."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def pages(data):
    return list(decode(io.BytesIO(data)))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_each_format_is_decoded_to_one_grey_page(name, tmp_path):
    path = tmp_path / "any name"
    path.write_bytes(encoded(name))
    (page,) = decode(path)
    assert page.grey.shape == (40, 60)
    assert page.grey.dtype == np.float32
    assert page.scale == 1
    assert page.grey[20, 40] > 0.95
    assert page.grey[20, 12] < 0.15


@pytest.mark.parametrize(
    ("data", "received"),
    [
        (encoded("JPEG", Image.new("L", (500, 201))), "100,500"),
        (png(30_000, 30_000), "900,000,000"),
        (encoded("TIFF", save_all=True, append_images=[PICTURE] * 50), "100,800"),
    ],
    ids=["one page", "a bomb", "many pages"],
)
def test_more_pixels_than_asked_for_are_refused_before_they_are_unpacked(
    data, received
):
    with pytest.raises(
        UnreadablePicture, match=f"at most 100,000 pixels, received {received}"
    ):
        list(decode(io.BytesIO(data), max_pixels=100_000))


def test_all_pages_of_a_tiff_are_decoded_except_reduced_copies():
    small = PICTURE.reduce(2)
    small.encoderinfo = {"tiffinfo": {254: 1}}
    turned = PICTURE.rotate(90, expand=True)
    data = encoded("TIFF", save_all=True, append_images=[small, turned])
    assert [page.grey.shape for page in pages(data)] == [(40, 60), (60, 40)]


def test_the_pages_before_a_damaged_page_are_decoded():
    data = encoded("TIFF", save_all=True, append_images=[PICTURE, PICTURE])
    found = decode(io.BytesIO(data[: len(data) * 3 // 4]))
    assert next(found).grey.shape == (40, 60)
    with pytest.raises(UnreadablePicture, match="a whole TIFF"):
        list(found)


def test_pages_beyond_the_limit_are_counted_but_not_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PAGES", 2)
    data = encoded("TIFF", save_all=True, append_images=[PICTURE] * 4)
    found = decode(io.BytesIO(data))
    assert [next(found).grey.shape for _ in range(2)] == [(40, 60)] * 2
    with pytest.raises(
        UnreadablePicture, match="at most 2 pages, received 5; the last 3"
    ):
        next(found)


def test_a_file_of_as_many_pages_as_the_limit_is_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PAGES", 2)
    data = encoded("TIFF", save_all=True, append_images=[PICTURE])
    assert len(pages(data)) == 2


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_the_first_frame_of_an_animation_is_decoded(form):
    data = encoded(form, save_all=True, append_images=[PICTURE.rotate(180)])
    (page,) = pages(data)
    assert page.grey[20, 12] < 0.15


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_is_rotated_by_its_exif_orientation(form):
    exif = Image.Exif()
    exif[0x112] = 6  # to be rotated by 90 degrees clockwise
    (page,) = pages(encoded(form, exif=exif))
    assert page.grey.shape == (60, 40)
    assert page.grey[12, 20] < 0.15


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_large_picture_is_reduced_by_a_whole_factor(form, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PAGE_PIXELS", 60 * 40 / 8)
    (page,) = pages(encoded(form))
    assert page.scale in (3, 4)
    assert page.grey.shape == (-(-40 // page.scale), -(-60 // page.scale))
    assert page.grey[20 // page.scale, 12 // page.scale] < 0.3


def test_a_new_format_is_one_line_in_the_table(monkeypatch):
    data = encoded("PPM")
    with pytest.raises(UnreadablePicture, match="BMP, GIF or WebP, received another"):
        pages(data)
    ppm = PictureFormat("PPM", (".ppm",), rb"P6", "PIL.PpmImagePlugin")
    monkeypatch.setattr(picture_formats, "FORMATS", (*FORMATS, ppm))
    assert pages(data)[0].grey.shape == (40, 60)
    with pytest.raises(UnreadablePicture, match="GIF, WebP or PPM, received another"):
        pages(b"PK\3\4" + bytes(99))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "expected a picture, received an empty file"),
        (b"\xef\xbb\xbfnot a picture\n", "expected a picture, received text"),
        ("größer".encode() * 100, "expected a picture, received text"),
        (b"PK\3\4" + bytes(99), "received another kind of file; convert it"),
        (encoded("PNG")[:50], "expected a whole PNG, received one that is damaged"),
        (encoded("JPEG")[:-200], "expected a whole JPEG, received one .* cut off"),
        (png(0, 0), "expected a whole PNG"),
        (png(1, 1), "expected at least 4 x 4 pixels, received 1 x 1"),
        (png(30_000, 30_000), "expected at most 100,000,000 pixels, received 900,000"),
        (png(12_000, 12_000), "expected at most .* received 144,000,000"),
    ],
)
def test_unreadable_files_are_refused_with_the_reason(data, reason):
    with pytest.raises(UnreadablePicture, match=reason):
        pages(data)


def test_paths_that_are_not_files_are_refused_without_blocking(tmp_path):
    folder, pipe = tmp_path / "folder.png", tmp_path / "pipe.png"
    dangling, loop = tmp_path / "dangling.png", tmp_path / "loop.png"
    folder.mkdir()
    os.mkfifo(pipe)
    dangling.symlink_to(tmp_path / "nowhere.png")
    loop.symlink_to(loop)
    for path, reason in (
        (folder, "received a folder"),
        (pipe, "received a pipe"),
        (dangling, "received a link to nothing"),
        (loop, "Too many levels of symbolic links"),
        (tmp_path / "nowhere.png", "received none"),
        ("a\0b", "null"),
    ):
        with pytest.raises(UnreadablePicture, match=f"expected a file.*{reason}"):
            list(decode(path))


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "mine.png"
    path.write_bytes(encoded("PNG"))

    def denied(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(UnreadablePicture, match="can be read, received: Permission"):
        list(decode(path))


def test_a_file_name_may_be_invalid_unicode(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff 1\n.png"
    Path(os.fsdecode(path)).write_bytes(encoded("PNG"))
    assert len(list(decode(os.fsdecode(path)))) == 1


@pytest.mark.parametrize(
    "data",
    [
        *map(encoded, NAMES),
        encoded("JPEG", progressive=True),
        encoded("JPEG", PICTURE.convert("CMYK")),
        encoded("PNG", PICTURE.convert("P"), transparency=0),
        encoded(
            "PNG", Image.fromarray(np.arange(2400, dtype=np.uint16).reshape(40, 60))
        ),
        encoded("TIFF", save_all=True, append_images=[PICTURE]),
        encoded("TIFF", Image.fromarray(np.full((40, 60), 9, np.float32))),
        encoded("GIF", save_all=True, append_images=[PICTURE.rotate(180)]),
    ],
    ids=lambda data: data[:4].hex() + f" {len(data)}",
)
def test_damaged_files_give_valid_pages_or_raise_unreadable_picture(data):
    random = np.random.default_rng(0)
    for round_ in range(60):
        damaged = bytearray(data)
        if round_ % 3 == 0:
            damaged = damaged[: random.integers(len(data))]
        else:
            for place in random.integers(min(len(data), 400), size=round_ % 7 + 1):
                damaged[place] = random.integers(256)
        try:
            found = pages(bytes(damaged))
        except UnreadablePicture:
            continue
        for page in found:
            assert page.grey.ndim == 2
            assert page.grey.dtype == np.float32
            assert 0 <= page.grey.min() <= page.grey.max() <= 1
