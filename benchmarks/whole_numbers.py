"""Accuracy of reading numbers of 2 to 8 digits, made of MNIST's test images.

This script draws pages, each with one number, and the newest exported model reads them.
The digits are dark on light paper, with uneven light and noise. On half of the pages,
digits have MNIST's size and gaps of 1 to 8 pixels. On the other half, digits and gaps
are three times as large.

The page is cropped to the number if the argument `margin` is 0 or more. `margin` is the
width in pixels of the paper that is left on each side. It is three times as wide for
large digits. By default (-1), the page is not cropped.
"""

from difflib import SequenceMatcher

import numpy as np
from PIL import Image

from digit_recognition.imaging.ink import resized
from digit_recognition.recognition.reader import NothingToRead

from common import MAX_ERROR, MNIST, load_newest_reader, parse_arguments

MIN_INK = 0.2
"""Pixels of a digit above this value are ink when the page is cropped."""


def draw_page(images: np.ndarray, rng: np.random.Generator, margin: int) -> np.ndarray:
    """Draw images of digits, uint8 (n, 28, 28), in one line on a page.

    The page is grey, float32 (height, width) in 0..1, with 1 for white. If ``margin``
    is not negative, the page is cropped to the number with this margin.
    """
    scale = int(rng.choice([1, 3]))
    digits = []
    for image in images:
        columns = np.flatnonzero(image.any(axis=0))
        digit = image[:, columns[0] : columns[-1] + 1] / np.float32(255)
        shape = tuple(scale * side for side in digit.shape)
        digits.append(np.clip(resized(digit, shape, Image.Resampling.BICUBIC), 0, 1))
    gaps = rng.integers(1, 9, len(digits)) * scale
    paper = 10 * scale
    width = sum(digit.shape[1] for digit in digits) + int(gaps.sum()) + 2 * paper
    ink = np.zeros((28 * scale + 2 * paper, width), np.float32)
    left = paper
    for digit, gap in zip(digits, gaps, strict=True):
        top = paper + int(rng.integers(-2, 3)) * scale
        ink[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        left += digit.shape[1] + int(gap)
    if margin >= 0:
        rows, columns = (np.flatnonzero((ink > MIN_INK).any(axis=i)) for i in (1, 0))
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        ink = np.pad(ink, margin * scale)
    light = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), ink.shape[1])
    page = light * (1 - rng.uniform(0.5, 0.95) * ink)
    return np.clip(page + rng.normal(0, 0.015, ink.shape), 0, 1).astype(np.float32)


def main() -> None:
    arguments = parse_arguments(__doc__, pages=1000, margin=-1)
    pages = arguments.pages
    with np.load(MNIST) as mnist:
        images, labels = mnist["x_test"], mnist["y_test"]
    reader = load_newest_reader(MAX_ERROR)
    rng = np.random.default_rng(0)
    digits = correct_digits = correct = accepted = wrongly_accepted = 0
    for _ in range(pages):
        rows = rng.integers(0, len(images), rng.integers(2, 9))
        number = "".join(map(str, labels[rows]))
        try:
            lines = reader.read(draw_page(images[rows], rng, arguments.margin))
        except NothingToRead:
            lines = []
        read = "".join(line.number for line in lines)
        matcher = SequenceMatcher(None, number, read, autojunk=False)
        digits += len(number)
        correct_digits += sum(block.size for block in matcher.get_matching_blocks())
        is_correct = len(lines) == 1 and read == number
        is_accepted = bool(lines) and not any(line.reason for line in lines)
        correct += is_correct
        accepted += is_accepted
        wrongly_accepted += is_accepted and not is_correct
    print(f"{pages} numbers of 2 to 8 digits, {digits} digits, model of recipe")
    print(f"{reader.metadata['recipe']}, max_error {MAX_ERROR:g}\n")
    print("| correct digits, % | correct numbers, % | accepted, % | wrongly accepted |")
    print("|---|---|---|---|")
    print(
        f"| {100 * correct_digits / digits:.2f} | {100 * correct / pages:.1f} | "
        f"{100 * accepted / pages:.1f} | {wrongly_accepted} |"
    )


if __name__ == "__main__":
    main()
