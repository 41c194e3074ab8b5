"""Uploads that are damaged, too large or no pictures, to a running server.

The environment variable HOSTILE_UPLOADS sets their number; 1,000 take two minutes.
"""

import gzip
import io
import os
import tempfile
import zipfile
from collections import Counter

import httpx
import numpy as np
import pytest
from app.files import encoded, jpeg_of_many_scans, png_that_declares
from app.serving import served
from PIL import Image

from digit_recognition.app.api.routes import create_app
from digit_recognition.datasets.picture_formats import FORMATS

pytestmark = pytest.mark.runs

COUNT = int(os.environ.get("HOSTILE_UPLOADS", "120"))
NAMES = [
    *("../../../../etc/passwd", "/etc/shadow", "C:\\windows\\system.ini", "\0.png"),
    *("a" * 5000, "=cmd|' /C calc'!A0", "\u202egnp.exe", "\udce9.png", "", ".", "CON"),
    *("a\r\nX-Header: 1.png", '".png', "${HOME}.png", "<script>.svg", "1.png\n\n"),
]
CONTENT_TYPES = [
    *("image/png", "text/html", "application/json", "", "multipart/form-data"),
    *("multipart/form-data; boundary=", "a/b; charset=nothing", ";"),
]


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(10_000_000))
    return file.getvalue()


def hostile_files(page: np.ndarray) -> list[bytes]:
    """Return COUNT files: some fixed, the others good files cut, changed or joined."""
    image = Image.fromarray(page)
    good = [encoded(image, form.name) for form in FORMATS]
    good.append(encoded(image, "TIFF", compression="tiff_lzw"))
    good.append(encoded(image, "JPEG", progressive=True))
    pages = [Image.new("L", (5, 5))] * 3000
    files = [
        *(
            b"",
            b"\0",
            b"\x89PNG",
            b"GIF89a",
            b"II*\0",
            b"BM",
            b"%PDF-1.7\n",
            b"\x7fELF",
        ),
        *(
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"[" * 100_000,
            bytes(7_900_000),
        ),
        *(zipped(), gzip.compress(bytes(10_000_000)), bytes(8_000_001)),
        *(png_that_declares(2**31 - 1, 2**31 - 1), png_that_declares(1, 20_000_000)),
        *(png_that_declares(65_000, 300), jpeg_of_many_scans(1000)),
        encoded(Image.new("1", (5000, 5000))),
        encoded(Image.new("1", (5001, 5000)), "TIFF", compression="group4"),
        encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]),
        encoded(Image.effect_noise((1200, 1200), 90), "JPEG"),
    ]
    rng = np.random.default_rng(17)
    while len(files) < COUNT:
        data = bytearray(good[rng.integers(len(good))])
        match len(files) % 4:
            case 0:
                data = data[: rng.integers(len(data))]
            case 1:
                for place in rng.integers(len(data), size=8):
                    data[place] = rng.integers(256)
            case 2:  # most sizes and offsets are at the start
                for place in rng.integers(min(100, len(data)), size=3):
                    data[place] = rng.choice([0, 1, 127, 128, 255])
            case _:
                other = good[rng.integers(len(good))]
                data = data[: rng.integers(len(data))] + other[rng.integers(40) :]
        files.append(bytes(data))
    return files


def test_hostile_uploads_neither_crash_the_server_nor_leave_a_file(
    service, page_of, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    statuses = Counter()
    rng = np.random.default_rng(3)
    with (
        served(create_app(service)) as address,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
    ):
        for number, data in enumerate(hostile_files(page_of("35"))):
            if number % 3 == 0:
                kind = CONTENT_TYPES[number // 3 % len(CONTENT_TYPES)]
                options = {"content": data, "headers": {"content-type": kind}}
                response = client.post("/api/read", **options)
            elif number % 3 == 1:
                name = NAMES[number // 3 % len(NAMES)]
                name = name.encode(errors="surrogateescape").decode("latin-1")
                files = {"picture": (name, data)}
                response = client.post("/api/read", files=files)
            else:
                files = [
                    ("pictures", (f"{n}", data)) for n in range(rng.integers(1, 3))
                ]
                response = client.post("/api/read-batch", files=files)
                assert response.text.count("\n") == len(files)
            statuses[response.status_code] += 1
            assert "Traceback" not in response.text
            if response.status_code != 200:
                assert response.headers["content-type"] == "application/problem+json"
                assert len(response.json()["detail"]) > 15
        reading = client.post("/api/read", content=encoded(page_of("35"))).json()
    assert reading["lines"][0]["number"] == "35"
    assert set(statuses) <= {200, 400, 413, 422}
    assert statuses[422] > COUNT / 5
    assert statuses.total() == COUNT
    assert list(tmp_path.iterdir()) == []
