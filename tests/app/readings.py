"""The results of a run of the pipeline `read`, as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from digit_recognition.recognition.reading_tables import DIGIT_COLUMNS, READING_COLUMNS

VERSION = "2026-01-02T03.04.05.678Z"


def save_readings(project: Path, folder: Path, count: int) -> Path:
    """Save a run that set one number aside on each of ``count`` pictures.

    The pictures 0.png, 1.png, ... have 300x200 pixels, with a black square of 20x20
    pixels in row 100 and column 150. Returns the folder of the annotated pictures.
    """
    folder.mkdir(exist_ok=True)
    page = np.full((200, 300), 255, np.uint8)
    page[100:120, 150:170] = 0
    names = [f"{number}.png" for number in range(count)]
    for name in names:
        Image.fromarray(page).save(folder / name)
    reason = "unsure (50.0%)"
    readings = [(name, 0, "7", 0.5, "false", reason) for name in names]
    digits = [(name, 0, 0, 7, 0.5, 150, 100, 20, 20) for name in names]

    def place(layer: str, name: str) -> Path:
        path = project / "data" / layer / name / VERSION / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    for name, rows, columns in (
        ("readings.csv", readings, READING_COLUMNS),
        ("digits.csv", digits, DIGIT_COLUMNS),
    ):
        table = pd.DataFrame(rows, columns=columns)
        table.to_csv(place("07_model_output", name), index=False)
    summary = {"folder": str(folder), "pages": {}}
    place("08_reporting", "reading_summary.json").write_text(json.dumps(summary))
    annotated = place("08_reporting", "annotated_pictures")
    (annotated / "pictures").mkdir(parents=True, exist_ok=True)
    return annotated
