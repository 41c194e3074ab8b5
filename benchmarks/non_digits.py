"""What is accepted of pages without a digit, by kind of page.

The detector of what is no digit is trained on none of these kinds, and no threshold is
chosen on them. A page counts as accepted if any number that was read on it is.

usage: python benchmarks/non_digits.py [PICTURES]
"""

import sys
from collections import Counter
from collections.abc import Callable

import numpy as np
import onnxruntime

from digit_recognition.recognition.reader import NothingToRead, Reader, load_reader

from strange_pictures import EXTRAS, KINDS
from workbench import ROOT, newest

MAX_ERROR = 0.001
NAMED = 3


def accepted(page: np.ndarray, reader: Reader) -> list[str]:
    """The numbers that were taken for sure."""
    try:
        lines = reader.read(page)
    except NothingToRead:
        return []
    return [line.number for line in lines if not line.reason]


def judge(kind: Callable, number: int, pictures: int, reader: Reader) -> int:
    """Prints the row of a kind; how many of its pages were accepted."""
    count, read = 0, Counter()
    for picture in range(pictures):
        numbers = accepted(kind(np.random.default_rng([number, picture])), reader)
        count += bool(numbers)
        read.update(numbers)
    most = ", ".join(number for number, _ in read.most_common(NAMED))
    name = kind.__name__.replace("_", " ")
    print(f"| {name} | {100 * count / pictures:.1f} | {most} |", flush=True)
    return count


def main() -> None:
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    model = newest(ROOT, "06_models/model.onnx")
    reader = load_reader(onnxruntime.InferenceSession(model), MAX_ERROR)
    print(f"{pictures} pages of each kind, model of recipe")
    print(f"{reader.metadata['recipe']}, max_error {MAX_ERROR:g}\n")
    print("| pages of | accepted, % | most often read as |")
    print("|---|---|---|")
    count = sum(judge(kind, n, pictures, reader) for n, kind in enumerate(KINDS))
    print(f"| **all of these** | {100 * count / pictures / len(KINDS):.1f} | |")
    for number, kind in enumerate(EXTRAS, start=len(KINDS)):
        judge(kind, number, pictures, reader)


if __name__ == "__main__":
    main()
