"""Share of lines read right on simulated photos of pages with MNIST's test images.

For each kind and severity, photographed_pages.py draws as many pages as the argument
`pages` says. The newest exported model reads them. A line is right if all of its digits
are right. The table shows the share of lines that are right, the share of lines that
are accepted, and how many of the accepted lines are wrong.

The pages of each kind and severity are numbered, starting from the argument `first`.
Each number always gives the same page. The reader was developed on pages 0 to 5, so
`first` should be higher.
"""

import zlib
from collections import defaultdict
from time import perf_counter
from typing import NamedTuple

import numpy as np

from digit_recognition.recognition.reader import NothingToRead, Reader
from digit_recognition.runtime import processor

from common import MAX_ERROR, MNIST, load_newest_reader, parse_arguments
from photographed_pages import KINDS, PhotographedPage, draw_page

SEVERITIES = 1, 2, 3


class Counts(NamedTuple):
    """Numbers of lines.

    ``lines`` are on the pages, ``right`` are read right, ``accepted`` are accepted, and
    ``wrong`` are accepted but not read right.
    """

    lines: int = 0
    right: int = 0
    accepted: int = 0
    wrong: int = 0

    def __add__(self, other):
        return Counts(*map(sum, zip(self, other, strict=True)))

    def row(self) -> str:
        """Return cells of the table, such as ``98.0 | 90.0 | 1 of 45``.

        They are the lines read right in %, the lines accepted in %, and how many of the
        accepted lines are wrong.
        """
        right, accepted = (100 * n / self.lines for n in (self.right, self.accepted))
        return f"{right:.1f} | {accepted:.1f} | {self.wrong} of {self.accepted}"


def read_page(reader: Reader, page: PhotographedPage) -> Counts:
    """Read a page and count its lines; the order of the lines does not matter."""
    try:
        found = reader.read(page.grey)
    except NothingToRead:
        found = []
    missing = list(page.numbers)
    right = accepted = wrong = 0
    for line in found:
        is_right = line.number in missing
        if is_right:
            missing.remove(line.number)
        right += is_right
        accepted += not line.reason
        wrong += not line.reason and not is_right
    return Counts(len(page.numbers), right, accepted, wrong)


def main() -> None:
    arguments = parse_arguments(__doc__, pages=20, first=1000, kinds=list(KINDS))
    with np.load(MNIST) as mnist:
        images, labels = mnist["x_test"], mnist["y_test"]
    reader, first = load_newest_reader(MAX_ERROR), arguments.first
    seconds = pixels = 0.0
    totals: dict[int, Counts] = defaultdict(Counts)
    print("| kind | severity | lines right, % | accepted, % | accepted but wrong |")
    print("|---|---|---|---|---|")
    for kind in arguments.kinds:
        for severity in SEVERITIES:
            counts = Counts()
            for number in range(first, first + arguments.pages):
                seed = zlib.crc32(f"{kind} {severity} {number}".encode())
                rng = np.random.default_rng(seed)
                page = draw_page(kind, severity, images, labels, rng)
                started = perf_counter()
                counts += read_page(reader, page)
                seconds += perf_counter() - started
                pixels += page.grey.size
            print(f"| {kind} | {severity} | {counts.row()} |", flush=True)
            totals[severity] += counts
    for severity, counts in totals.items():
        print(f"| **all** | {severity} | {counts.row()} |")
    pages = arguments.pages * len(arguments.kinds) * len(SEVERITIES)
    print(f"\n{processor()}, recipe {reader.metadata['recipe']}: {pages} pages of")
    print(f"{pixels / pages / 1e6:.1f} megapixels, {seconds / pages:.2f} s each")


if __name__ == "__main__":
    main()
