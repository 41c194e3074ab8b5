"""Read the pages that need the most work; print the time and the memory of each.

``python tests/faults/worst_pages.py MODEL`` reads made-up pages of 16 and of 9 million
pixels, each in a process of its own. Pages of 9 million pixels are the largest that may
be read at full size. A page must be read or refused within 3 s of processor time, and
the memory must not grow by more than 500 MB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PIL import Image, ImageDraw

MAX_SECONDS = 3.0
MAX_GROWTH = 500_000_000


def _drawn(draw: Callable[[ImageDraw.ImageDraw, int], None], side: int) -> np.ndarray:
    image = Image.new("L", (side, side), 255)
    draw(ImageDraw.Draw(image), side)
    return np.asarray(image)


def arcs(side: int) -> np.ndarray:
    """1,600 arcs that do not touch."""

    def draw(drawing: ImageDraw.ImageDraw, side: int) -> None:
        step = side // 40
        for top in range(0, side, step):
            for left in range(0, side, step):
                box = [left + 8, top + 8, left + step - 8, top + step - 8]
                drawing.arc(box, 20 * (left // step), 290, fill=0, width=6)

    return _drawn(draw, side)


def touching_arcs(side: int) -> np.ndarray:
    """1,600 arcs, each of which touches its neighbours."""

    def draw(drawing: ImageDraw.ImageDraw, side: int) -> None:
        step = side // 40
        for top in range(0, side, step):
            for left in range(0, side, step):
                box = [left - 4, top - 4, left + step + 4, top + step + 4]
                drawing.arc(box, 20 * (left // step), 270, fill=0, width=6)

    return _drawn(draw, side)


def combs(side: int) -> np.ndarray:
    """20 combs of 200 teeth each, which look like touching digits."""

    def draw(drawing: ImageDraw.ImageDraw, side: int) -> None:
        step = side // 20
        for top in range(step // 10, side, step):
            drawing.line([step, top, side - step, top], fill=0, width=8)
            for left in range(step, side - step, 20):
                drawing.line([left, top, left, top + step // 2], fill=0, width=8)

    return _drawn(draw, side)


def squares(count: int, width: int, side: int) -> np.ndarray:
    """Grid of ``count`` x ``count`` empty squares."""

    def draw(drawing: ImageDraw.ImageDraw, side: int) -> None:
        margin = side // 20
        for place in np.linspace(margin, side - margin, count + 1).round():
            drawing.line([place, margin, place, side - margin], fill=0, width=width)
            drawing.line([margin, place, side - margin, place], fill=0, width=width)

    return _drawn(draw, side)


def rings(side: int) -> np.ndarray:
    """100 rings, one within the other."""

    def draw(drawing: ImageDraw.ImageDraw, side: int) -> None:
        for margin in range(40, side // 2 - 20, side // 200):
            drawing.ellipse([margin, margin, side - margin, side - margin], None, 0, 5)

    return _drawn(draw, side)


def noise(side: int, spread: float = 60) -> np.ndarray:
    """Grey noise with the standard deviation ``spread``."""
    rng = np.random.default_rng(0)
    return rng.normal(128, spread, (side, side)).clip(0, 255).astype(np.uint8)


def blotches(side: int) -> np.ndarray:
    """Blurred noise: spots of the size of digits."""
    return np.asarray(Image.fromarray(noise(side // 8, 120)).resize((side, side)))


def specks(side: int) -> np.ndarray:
    """20,000 specks of up to 12 pixels."""
    rng = np.random.default_rng(0)

    def draw(drawing: ImageDraw.ImageDraw, side: int) -> None:
        for left, top, size in rng.integers(0, [side, side, 12], (20_000, 3)).tolist():
            drawing.ellipse([left, top, left + size, top + size], fill=0)

    return _drawn(draw, side)


def digits(count: int, height: int, side: int, touch: bool = False) -> np.ndarray:
    """Page of ``count`` digits of MNIST's sample, ``height`` pixels high."""
    from digit_recognition.datasets.mnist_dataset import load_sample

    images = load_sample()["x_test"]
    cell = round(28 * height / 20)
    step = height if touch else cell + 4
    columns = (side - cell) // step
    page = np.full((side, side), 255, np.uint8)
    for number in range(count):
        row, column = divmod(number, columns)
        top, left = 4 + row * (cell + 4), column * step
        if top + cell > side:
            break
        digit = Image.fromarray(255 - images[number % len(images)])
        place = page[top : top + cell, left : left + cell]
        np.minimum(place, np.asarray(digit.resize((cell, cell))), out=place)
    return page


PAGES: dict[str, Callable[[int], np.ndarray]] = {
    "arcs": arcs,
    "touching arcs": touching_arcs,
    "combs": combs,
    "20 x 20 squares": lambda side: squares(20, 6, side),
    "31 x 31 squares": lambda side: squares(31, 6, side),
    "80 x 80 squares": lambda side: squares(80, 3, side),
    "400 x 400 squares": lambda side: squares(400, 2, side),
    "rings": rings,
    "noise": noise,
    "blotches": blotches,
    "specks": specks,
    "700 digits of 20 pixels": lambda side: digits(700, 20, side // 4),
    "700 digits of 60 pixels": lambda side: digits(700, 60, side),
    "1,500 digits of 60 pixels": lambda side: digits(1500, 60, side),
    "2,600 digits of 40 pixels": lambda side: digits(2600, 40, side),
    "20,000 digits of 20 pixels": lambda side: digits(20_000, 20, side),
    "touching digits": lambda side: digits(2000, 60, side, touch=True),
}


def _memory(line: str) -> int:
    """Return VmRSS, the memory in use, or VmHWM, its maximum, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition(f"{line}:")[2].split()[0])


def measure(name: str, model: Path, side: int) -> bool:
    """Read a page and print the result; return whether it kept both limits."""
    from digit_recognition.models.onnx_sessions import open_session
    from digit_recognition.recognition.reader import NothingToRead, load_reader

    session = open_session(model.read_bytes(), intra_op_num_threads=1)
    reader = load_reader(session, 0.001)
    reader.read(digits(5, 20, 200).astype(np.float32) / 255)  # imports modules
    page = PAGES[name](side).astype(np.float32) / 255
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    before, memory = time.process_time(), _memory("VmRSS")
    try:
        lines = reader.read(page)
        result = f"{sum(len(line.digits) for line in lines)} digits"
    except NothingToRead as error:
        result = str(error)
    seconds, growth = time.process_time() - before, _memory("VmHWM") - memory
    cost = f"{seconds:4.1f} s {growth / 1e6:5.0f} MB"
    print(f"{side:5} {name:<27} {cost}  {result}", flush=True)
    return seconds <= MAX_SECONDS and growth <= MAX_GROWTH


def main() -> int:
    """Measure all pages, or the named ones; return 1 if one exceeds a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="an exported model, model.onnx")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--sides", type=int, nargs="+", default=[4000, 3000])
    parser.add_argument("--here", action="store_true", help="in this process")
    chosen = parser.parse_args()
    if chosen.here:
        (name,), (side,) = chosen.pages, chosen.sides
        return int(not measure(name, chosen.model, side))
    command = [sys.executable, __file__, str(chosen.model), "--here"]
    done = [
        subprocess.run([*command, "--sides", str(side), "--pages", name], check=False)
        for side in chosen.sides
        for name in chosen.pages
    ]
    return int(any(one.returncode for one in done))


if __name__ == "__main__":
    sys.exit(main())
