"""Share of pages without digits that the reader accepts, by kind of page.

A page counts as accepted if any number read on it is accepted. Pages of these kinds
were not used to train the detector, nor to choose a threshold.

The baseline replaces the detector by the energy score of the classifier's logits (Liu,
Wang, Owens and Li 2020, "Energy-based out-of-distribution detection"). Its threshold
keeps the same fraction of the validation digits as the detector's threshold.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from digit_recognition.recognition.acceptance import ValidationResults
from digit_recognition.recognition.reader import NothingToRead, Reader, load_reader

from common import MAX_ERROR, ROOT, load_session, newest_version, parse_arguments
from non_digit_pages import EXTRA_KINDS, KINDS

MAX_EXAMPLES = 3


class EnergySession:
    """An ONNX session that returns energy scores in place of the detector's logits.

    The energy score of an image is the logarithm of the sum of the exponentials of the
    classifier's logits. It is high for digits.
    """

    def __init__(self, session):
        self._session = session
        metadata = session.get_modelmeta().custom_metadata_map
        path = newest_version(ROOT, "07_model_output/detector_predictions.csv")
        table = pd.read_csv(path)
        energy = logsumexp(table.filter(regex=r"^logit\d").to_numpy(), axis=1)
        validation = metadata["validation"]
        results = ValidationResults.from_json(validation)._replace(digit_logit=energy)
        self.custom_metadata_map = metadata | {"validation": results.to_json()}

    def __getattr__(self, name: str):
        return getattr(self._session, name)

    def get_modelmeta(self) -> "EnergySession":
        """Return an object with ``custom_metadata_map``, as ONNX Runtime does.

        In its validation results, energy scores replace the detector's logits.
        """
        return self

    def run(self, outputs: list[str], inputs: dict) -> list[np.ndarray]:
        """Return the classifier's logits (n, 10) and the energy scores (n, 1)."""
        logits, _ = self._session.run(outputs, inputs)
        return [logits, logsumexp(logits, axis=1, keepdims=True)]


def read_accepted(page: np.ndarray, reader: Reader) -> list[str]:
    """Read a page and return the numbers that are accepted."""
    try:
        lines = reader.read(page)
    except NothingToRead:
        return []
    return [line.number for line in lines if not line.reason]


def print_row(
    draw_page: Callable, kind: int, pages: int, reader: Reader, baseline: Reader
) -> np.ndarray:
    """Read pages of one kind, and print a row of the table.

    ``kind`` is part of the random seed. Returns how many pages are accepted with the
    detector and with the baseline, int (2,).
    """
    accepted, readings = np.zeros(2, int), Counter()
    for number in range(pages):
        page = draw_page(np.random.default_rng([kind, number]))
        numbers = read_accepted(page, reader)
        accepted += bool(numbers), bool(read_accepted(page, baseline))
        readings.update(numbers)
    examples = ", ".join(number for number, _ in readings.most_common(MAX_EXAMPLES))
    detector, energy = 100 * accepted / pages
    name = draw_page.__name__.replace("_", " ")
    print(f"| {name} | {detector:.1f} | {energy:.1f} | {examples} |", flush=True)
    return accepted


def main() -> None:
    pages = parse_arguments(__doc__, pages=100).pages
    session = load_session()
    reader = load_reader(session, MAX_ERROR)
    readers = reader, load_reader(EnergySession(session), MAX_ERROR)
    print(f"{pages} pages of each kind, model of recipe {reader.metadata['recipe']},")
    print(f"max_error {MAX_ERROR:g}\n")
    print("| kind of page | accepted, % | by the energy score, % | read as |")
    print("|---|---|---|---|")
    accepted = sum(
        print_row(draw_page, kind, pages, *readers)
        for kind, draw_page in enumerate(KINDS)
    )
    detector, energy = 100 * accepted / pages / len(KINDS)
    print(f"| **all of these** | {detector:.1f} | {energy:.1f} | |")
    for kind, draw_page in enumerate(EXTRA_KINDS, start=len(KINDS)):
        print_row(draw_page, kind, pages, *readers)


if __name__ == "__main__":
    main()
