"""Seconds that each corruption family takes for MNIST's 10,000 test images."""

from datetime import date
from time import perf_counter

import numpy as np

from digit_recognition.corruptions import FAMILIES, MNIST_C, corrupt
from digit_recognition.runtime import processor

from common import MNIST, parse_arguments

TABLE = "| {:<15} | {:>4} |"


def main() -> None:
    parse_arguments(__doc__)
    images = (np.load(MNIST)["x_test"][..., None] / 255).astype(np.float32)
    seconds = {}
    for family in FAMILIES:
        started = perf_counter()
        corrupt(images, family, MNIST_C.get(family, 3), 0)
        seconds[family] = perf_counter() - started
    print(f"{len(images)} images, {processor()}, {date.today()}\n")
    print(TABLE.format("family", "s"))
    print("|---|---|")
    for family, taken in seconds.items():
        print(TABLE.format(family, f"{taken:.1f}"))
    mnist_c = sum(seconds[family] for family in MNIST_C)
    print(f"\nMNIST-C's families: {mnist_c:.1f} s; all: {sum(seconds.values()):.1f} s")


if __name__ == "__main__":
    main()
