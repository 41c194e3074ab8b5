"""Strategies of hypothesis: valid inputs that were damaged, and made-up ones."""

from __future__ import annotations

import io
import string
import zipfile
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from digit_recognition.datasets.picture_formats import FORMATS

EDGES = bytes([0, 1, 127, 128, 254, 255])
CHANGES = ["set", "edge", "cut", "insert", "repeat", "splice", "end"]
SIDES = st.integers(4, 60) | st.integers(61, 500)


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Return one of the seeds after up to four changes, or any bytes."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.integers(1, 16) | st.integers(1, max(1, len(content))))
        match draw(st.sampled_from(CHANGES)):
            case "set":
                new = draw(st.binary(min_size=1, max_size=8))
                content[start : start + len(new)] = new
            case "edge":
                new = bytes([draw(st.sampled_from(EDGES))]) * draw(st.integers(1, 8))
                content[start : start + len(new)] = new
            case "cut":
                del content[start : start + length]
            case "insert":
                content[start:start] = draw(st.binary(max_size=40))
            case "repeat":
                content[start:start] = content[start : start + length]
            case "splice":
                content[start:] = draw(st.sampled_from(seeds))[start:]
            case "end":
                del content[start:]
    return bytes(content)


def pictures() -> list[bytes]:
    """Return a small file of each format, and some of other modes and pages."""
    image = Image.radial_gradient("L").resize((40, 30))
    files = []
    for form in FORMATS:
        for mode in ("L", "RGB"):
            file = io.BytesIO()
            image.convert(mode).save(file, form.name)
            files.append(file.getvalue())
    for mode in ("1", "P", "LA", "RGBA", "I;16"):
        file = io.BytesIO()
        image.convert(mode).save(file, "PNG")
        files.append(file.getvalue())
    file = io.BytesIO()
    image.save(file, "TIFF", save_all=True, append_images=[image, image.rotate(90)])
    return [*files, file.getvalue(), b""]


@st.composite
def pages(draw: st.DrawFn) -> np.ndarray:
    """Return a page with shapes on it, float32 (h, w) in 0..1."""
    height, width = draw(SIDES), draw(SIDES)
    image = Image.new("L", (width, height), draw(st.integers(0, 255)))
    drawing = ImageDraw.Draw(image)
    x, y = st.integers(-20, width + 20), st.integers(-20, height + 20)
    for _ in range(draw(st.integers(0, 12))):
        shape = draw(st.sampled_from(["line", "arc", "rectangle", "grid", "digit"]))
        left, right = sorted((draw(x), draw(x)))
        top, bottom = sorted((draw(y), draw(y)))
        level, thick = draw(st.integers(0, 255)), draw(st.integers(1, 12))
        match shape:
            case "line":
                drawing.line([left, bottom, right, top], fill=level, width=thick)
            case "arc":
                box = [left, top, right, bottom]
                angle = draw(st.integers(10, 360))
                drawing.arc(box, 0, angle, fill=level, width=thick)
            case "rectangle":
                box = [left, top, right, bottom]
                drawing.rectangle(box, outline=level, width=thick)
            case "grid":
                for row in range(top, bottom, 2 * thick + 1):
                    drawing.line([left, row, right, row], fill=level)
                for column in range(left, right, 2 * thick + 1):
                    drawing.line([column, top, column, bottom], fill=level)
            case "digit":
                text = draw(st.text(string.digits, min_size=1, max_size=4))
                drawing.text((left, top), text, fill=level, font_size=4 * thick)
    page = np.asarray(image, np.float32) / 255
    noise = draw(st.sampled_from([0, 0, 0.02, 0.3]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.clip(page + rng.normal(0, noise, page.shape), 0, 1).astype(np.float32)


def archives() -> list[bytes]:
    """Return small .npz files: good ones, others, compressed or not."""
    rng = np.random.default_rng(0)
    files = []
    for save in (np.savez, np.savez_compressed):
        for images in (3, 1, 0):
            file = io.BytesIO()
            save(
                file,
                **{
                    f"{name}_{split}": array
                    for split in ("train", "test")
                    for name, array in (
                        ("x", rng.integers(0, 256, (images, 28, 28), np.uint8)),
                        ("y", rng.integers(0, 10, images, np.uint8)),
                    )
                },
            )
            files.append(file.getvalue())
    return files


@st.composite
def archives_of_headers(draw: st.DrawFn, names: tuple[str, ...]) -> bytes:
    """Return a valid zip file whose arrays have damaged or made-up headers."""
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 28, 28), }".ljust(
        117
    )
    good = b"\x93NUMPY\x01\x00v\x00" + header.encode() + b"\n" + bytes(784)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(f"{name}.npy", draw(st.just(good) | damaged([good])))
    return file.getvalue()


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["auto", "nan", "-1", "1e400", "quick", "../x", "${a}", "[", ""])
)


@st.composite
def damaged_tree(draw: st.DrawFn, tree: Any) -> Any:
    """Return nested dicts and lists with up to three changes of values and keys."""
    for _ in range(draw(st.integers(1, 3))):
        tree = draw(_changed(tree))
    return tree


@st.composite
def _changed(draw: st.DrawFn, tree: Any) -> Any:
    items = list(tree.items()) if isinstance(tree, dict) else None
    if items and draw(st.integers(0, 4)):
        key, value = draw(st.sampled_from(items))
        action = draw(st.sampled_from(["deeper", "deeper", "remove", "rename", "add"]))
        match action:
            case "deeper":
                return {**tree, key: draw(_changed(value))}
            case "remove":
                return {name: tree[name] for name in tree if name != key}
            case "rename":
                return {**tree, draw(st.text(max_size=10)): value}
            case "add":
                return {**tree, draw(st.text(max_size=10)): draw(VALUES)}
    return draw(VALUES | st.lists(VALUES, max_size=3))
