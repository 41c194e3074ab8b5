"""The newest table of readings from the pipeline `read`, and its pictures."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import DatasetError
from PIL import Image

from digit_recognition.datasets.csv_safety import unescape_cell
from digit_recognition.datasets.picture_folder import safe_path
from digit_recognition.imaging.boxes import Box, enclosing
from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.plotting.page_drawing import reduce_page

from .cuttings import cut_out
from .limits import MAX_PIXELS
from .report import REPORTING, newest_file

TABLES = Path("data", "07_model_output")
TEXTS = ("picture", "number", "accepted", "reason")


@dataclass(frozen=True)
class NewestReadings:
    """A table of readings that a run has saved, and the folders of its pictures.

    - ``version`` is the time of the run, such as 2026-01-31T12.00.00.000Z.
    - ``rows`` are the rows of readings.csv.
    - ``boxes`` maps (name of a picture, index of a line) to the box around that line,
      in pixels of the picture.
    - ``pages`` maps the name of a picture to a list. For each row of the picture, the
      list has the index of the page that the row comes from. A picture is left out if
      all of its rows come from the first page.
    - ``folder`` is the folder of the pictures.
    - ``annotated`` is the folder of the annotated pictures, which show boxes around the
      digits.
    """

    version: str
    rows: list[dict[str, Any]]
    boxes: dict[tuple[str, int], Box]
    pages: dict[str, list[int]]
    folder: Path
    annotated: Path

    def to_check(self) -> list[int]:
        """Return the indices of the rows that a person should check.

        These are the rows that were not accepted. If no number was found on a picture,
        its row is included only if the picture still exists.
        """
        return [
            place
            for place, row in enumerate(self.rows)
            if row["accepted"] == "false"
            and (row["number"] or self._picture(row["picture"]).is_file())
        ]

    def show(self, place: int) -> Image.Image | None:
        """Return an image of the number in the row with the index ``place``.

        The number is cut out of the page that it was read on. If the row has no number,
        the image shows the whole page. If the picture can no longer be read, for
        example because its file was moved, the image is the annotated page that was
        saved with the readings. If the annotated page cannot be read either, the result
        is None.
        """
        name, line = self.rows[place]["picture"], self.rows[place]["line"]
        number = self.pages[name][line] if name in self.pages else 0
        try:
            pages = decode(self._picture(name), MAX_PIXELS)
            page = next(islice(pages, number, None))
        except (UnreadablePicture, StopIteration):
            return self._annotated_page(unescape_cell(name), number)
        drawn = reduce_page(page)
        box = self.boxes.get((name, line))
        return cut_out(drawn, box) if box else drawn.image

    def _picture(self, name: str) -> Path:
        path = os.path.normpath(self.folder / unescape_cell(name))
        is_inside = Path(path).is_relative_to(os.path.normpath(self.folder))
        return Path(path) if is_inside else self.folder / "outside"

    def _annotated_page(self, name: str, number: int) -> Image.Image | None:
        title = f" page {number + 1}" if number else ""
        try:
            path = self.annotated / safe_path(f"pictures/{name}{title}", ".jpg")
            with Image.open(path, formats=("JPEG",)) as picture:
                return picture.convert("RGB")
        except (OSError, DatasetError):  # gone, or the path is outside the folder
            return None


def load_newest_readings(project: Path) -> NewestReadings | None:
    """Return the newest table of readings, or None if it is missing or unreadable."""
    table = newest_file(project / TABLES / "readings.csv")
    try:
        return _load(project, table) if table else None
    except (OSError, ValueError, KeyError):  # it is being removed, or damaged
        return None


@lru_cache(maxsize=1)  # a table of 20,000 rows takes 0.2 s
def _load(project: Path, table: Path) -> NewestReadings:
    version = table.parent.name
    types = dict.fromkeys(TEXTS, str)
    rows = pd.read_csv(table, dtype=types, keep_default_na=False)
    name = "digits.csv"
    digits = pd.read_csv(
        project / TABLES / name / version / name, dtype={"picture": str}
    )
    boxes: dict[tuple[str, int], list[Box]] = {}
    for digit in digits.itertuples():
        box = Box(digit.y, digit.x, digit.y + digit.height, digit.x + digit.width)
        boxes.setdefault((digit.picture, digit.line), []).append(box)
    name = "reading_summary.json"
    file = project / REPORTING / name / version / name
    summary = json.loads(file.read_text(encoding="utf-8"))
    name = "annotated_pictures"
    return NewestReadings(
        version,
        rows.to_dict("records"),
        {key: enclosing(found) for key, found in boxes.items()},
        summary["pages"],
        project / summary.get("folder", "unknown"),
        project / REPORTING / name / version / name,
    )
