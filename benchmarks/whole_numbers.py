"""How well numbers are read: MNIST's test images side by side on paper, 2 to 8 each.

The newest exported model reads pages that this script makes: digits in the size that
they have, or three times as large, apart from one another by 1 to 8 of MNIST's pixels,
dark on light paper with uneven light and noise.

usage: python benchmarks/whole_numbers.py [PAGES]
"""

import sys
from difflib import SequenceMatcher

import numpy as np
import onnxruntime
from PIL import Image

from digit_recognition.imaging.ink import resized
from digit_recognition.recognition.reader import NothingToRead, load_reader

from workbench import MNIST, ROOT, newest

MAX_ERROR = 0.001


def page(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A page in grey, float32 in 0..1, of digits (n, 28, 28), uint8, in one line."""
    scale = int(rng.choice([1, 3]))
    digits = []
    for image in images:
        inked = np.flatnonzero(image.any(axis=0))
        digit = image[:, inked[0] : inked[-1] + 1] / np.float32(255)
        shape = tuple(scale * side for side in digit.shape)
        digits.append(np.clip(resized(digit, shape, Image.Resampling.BICUBIC), 0, 1))
    gaps = rng.integers(1, 9, len(digits)) * scale
    margin = 10 * scale
    width = sum(digit.shape[1] for digit in digits) + int(gaps.sum()) + 2 * margin
    ink = np.zeros((28 * scale + 2 * margin, width), np.float32)
    left = margin
    for digit, gap in zip(digits, gaps, strict=True):
        top = margin + int(rng.integers(-2, 3)) * scale
        ink[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        left += digit.shape[1] + int(gap)
    light = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), width)
    paper = light * (1 - rng.uniform(0.5, 0.95) * ink)
    return np.clip(paper + rng.normal(0, 0.015, ink.shape), 0, 1).astype(np.float32)


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with np.load(MNIST) as mnist:
        images, labels = mnist["x_test"], mnist["y_test"]
    model = newest(ROOT, "06_models/model.onnx")
    reader = load_reader(onnxruntime.InferenceSession(model), MAX_ERROR)
    rng = np.random.default_rng(0)
    digits = found = whole = accepted = wrong = 0
    for _ in range(pages):
        rows = rng.integers(0, len(images), rng.integers(2, 9))
        number = "".join(map(str, labels[rows]))
        try:
            lines = reader.read(page(images[rows], rng))
        except NothingToRead:
            lines = []
        read = "".join(line.number for line in lines)
        blocks = SequenceMatcher(None, number, read, autojunk=False)
        digits += len(number)
        found += sum(block.size for block in blocks.get_matching_blocks())
        right = len(lines) == 1 and read == number
        sure = bool(lines) and not any(line.reason for line in lines)
        whole += right
        accepted += sure
        wrong += sure and not right
    print(f"{pages} numbers of 2 to 8 digits, {digits} digits, model of recipe")
    print(f"{reader.metadata['recipe']}, max_error {MAX_ERROR:g}\n")
    print("| digits right, % | numbers right, % | accepted, % | wrong of these |")
    print("|---|---|---|---|")
    print(
        f"| {100 * found / digits:.2f} | {100 * whole / pages:.1f} | "
        f"{100 * accepted / pages:.1f} | {wrong} |"
    )


if __name__ == "__main__":
    main()
