"""Share of pages without digits that the reader accepts, by kind of page.

A page counts as accepted if any number read on it is accepted. Neither the training of
the detector nor the choice of a threshold has used pages of these kinds.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np

from digit_recognition.recognition.reader import NothingToRead, Reader

from common import load_reader, parse_arguments
from non_digit_pages import EXTRA_KINDS, KINDS

MAX_ERROR = 0.001
MAX_EXAMPLES = 3


def read_accepted(page: np.ndarray, reader: Reader) -> list[str]:
    """Read a page and return the numbers that are accepted."""
    try:
        lines = reader.read(page)
    except NothingToRead:
        return []
    return [line.number for line in lines if not line.reason]


def print_row(draw_page: Callable, kind: int, pages: int, reader: Reader) -> int:
    """Read pages of one kind, print their row, return the number of accepted pages."""
    accepted, readings = 0, Counter()
    for page in range(pages):
        rng = np.random.default_rng([kind, page])
        numbers = read_accepted(draw_page(rng), reader)
        accepted += bool(numbers)
        readings.update(numbers)
    examples = ", ".join(number for number, _ in readings.most_common(MAX_EXAMPLES))
    name = draw_page.__name__.replace("_", " ")
    print(f"| {name} | {100 * accepted / pages:.1f} | {examples} |", flush=True)
    return accepted


def main() -> None:
    pages = parse_arguments(__doc__, pages=100).pages
    reader = load_reader(MAX_ERROR)
    print(f"{pages} pages of each kind, model of recipe {reader.metadata['recipe']},")
    print(f"max_error {MAX_ERROR:g}\n")
    print("| kind of page | accepted, % | most frequent readings |")
    print("|---|---|---|")
    accepted = sum(
        print_row(draw_page, kind, pages, reader)
        for kind, draw_page in enumerate(KINDS)
    )
    print(f"| **all of these** | {100 * accepted / pages / len(KINDS):.1f} | |")
    for kind, draw_page in enumerate(EXTRA_KINDS, start=len(KINDS)):
        print_row(draw_page, kind, pages, reader)


if __name__ == "__main__":
    main()
