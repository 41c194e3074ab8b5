"""Accuracy of reading rows of touching digits, made of MNIST's test images.

This script draws pages, each with one row of 2 to 4 digits, and the newest exported
model reads them. Each digit is moved to the left until it touches the previous digit.
In half of the rows, all digits except the first are zeros, as in amounts of money.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from digit_recognition.imaging.ink import EIGHT_CONNECTED, resized
from digit_recognition.recognition.reader import NothingToRead

from common import MAX_ERROR, MNIST, load_newest_reader, parse_arguments

MARGIN = 10


def draw_page(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw images of digits, uint8 (n, 28, 28), as one row of touching digits.

    The page is grey, float32 (height, width) in 0..1, with 1 for white.
    """
    ink = np.zeros((28 + 2 * MARGIN, 30 * len(images) + 2 * MARGIN), np.float32)
    left = MARGIN
    for image in images:
        columns = np.flatnonzero(image.any(axis=0))
        digit = image[:, columns[0] : columns[-1] + 1] / np.float32(255)
        top = MARGIN + int(rng.integers(-2, 3))
        while left > MARGIN and not _touches(ink, digit, top, left):
            left -= 1
        place = ink[top : top + 28, left : left + digit.shape[1]]
        np.maximum(place, digit, out=place)
        left += digit.shape[1] + 5
    scale = int(rng.integers(1, 4))
    shape = (scale * ink.shape[0], scale * ink.shape[1])
    ink = np.clip(resized(ink, shape, Image.Resampling.BICUBIC), 0, 1)
    return (0.95 * (1 - 0.8 * ink)).astype(np.float32)


def _touches(ink: np.ndarray, digit: np.ndarray, top: int, left: int) -> bool:
    place = ink[top : top + 28, left - 1 : left + digit.shape[1] + 1] > 0.4
    near = ndimage.binary_dilation(
        np.pad(digit > 0.4, ((0, 0), (1, 1))), EIGHT_CONNECTED
    )
    return bool((near & place).any())


def main() -> None:
    rows = parse_arguments(__doc__, rows=100).rows
    with np.load(MNIST) as mnist:
        images, labels = mnist["x_test"], mnist["y_test"]
    reader = load_newest_reader(MAX_ERROR)
    print(f"{rows} rows each, model of recipe {reader.metadata['recipe']}, max_error")
    print(f"{MAX_ERROR:g}\n")
    print("| digits | correct numbers, % | accepted, % | wrongly accepted |")
    print("|---|---|---|---|")
    zeros = np.flatnonzero(labels == 0)
    for count in (2, 3, 4):
        for others, name in ((np.arange(len(labels)), "any"), (zeros, "zeros")):
            rng = np.random.default_rng(count)
            correct = accepted = wrong = 0
            for _ in range(rows):
                chosen = [rng.integers(len(labels)), *rng.choice(others, count - 1)]
                number = "".join(map(str, labels[chosen]))
                try:
                    lines = reader.read(draw_page(images[chosen], rng))
                except NothingToRead:
                    lines = []
                is_correct = [line.number for line in lines] == [number]
                is_accepted = bool(lines) and not any(line.reason for line in lines)
                correct += is_correct
                accepted += is_accepted
                wrong += is_accepted and not is_correct
            print(
                f"| {count}, {name} | {100 * correct / rows:.0f} | "
                f"{100 * accepted / rows:.0f} | {wrong} |"
            )


if __name__ == "__main__":
    main()
