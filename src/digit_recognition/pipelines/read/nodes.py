"""The node that reads the numbers on pictures."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import RootModel

from digit_recognition.cluster import require_packages
from digit_recognition.datasets import Pictures, SharedFolder
from digit_recognition.datasets.pictures import FolderPictures
from digit_recognition.parameters import Parameters
from digit_recognition.recognition.read_parameters import ReadParameters
from digit_recognition.recognition.reader import InferenceSession, Reader, load_reader
from digit_recognition.recognition.reading_results import ReadingResults, read_all

from .picture_progress import TrackedPictures

COUNTS = (
    *("pictures", "read", "set_aside", "not_readable"),
    *("numbers", "accepted", "stray_marks"),
)
"""The keys of ``ReadingResults.counts`` that are copied to the summary."""


class PicturesPath(Parameters, RootModel[str]):
    """The path from which the catalog loads the pictures."""

    model_config = {"extra": None, "strict": True, "frozen": True}


def read_pictures(
    pictures: Pictures,
    model_onnx: InferenceSession,
    path: PicturesPath,
    parameters: ReadParameters,
    reading_partitions: SharedFolder | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return the table of readings, the table of digits, and a summary.

    The table of readings has a row for each line of digits. Columns:

    - ``picture``: the name of the picture, escaped by ``escape_cell``.
    - ``line``: the index of the line in the picture. It is counted from 0 over all
      pages.
    - ``number``: the digits of the line as text.
    - ``confidence``: the confidence in 0..1.
    - ``accepted``: "true" or "false".
    - ``reason``: why the line is not accepted, otherwise empty.

    If no digits are found in a picture, its only row has no number and gives the
    reason. If a page cannot be read, the picture's last row has no number and gives the
    reason, and the later pages of the picture are not read.

    The table of digits has a row for each digit. Its columns are picture and line (as
    above), position (in the line, from 0), digit, confidence, and the bounding box: x,
    y, width and height in pixels of the picture.

    The summary has the folder, the acceptance rule, the model, and counts of pictures
    and numbers (``ReadingResults`` explains the counts). Its entry ``pages`` tells from
    which page (counted from 0) each row of the table of readings comes. It maps the
    escaped name of a picture to a list with one page number for each of the picture's
    rows. Pictures whose rows all come from page 0 are not in ``pages``.

    If ``parameters.scheduler`` is set, the workers of a cluster read the pictures. They
    save all rows as Parquet files in ``reading_partitions``. The entry ``parquet`` of
    the summary is the folder of these files. A table with more than a million rows is
    returned empty. If the table of readings is returned empty for this reason,
    ``pages`` is empty, too.
    """
    reader = load_reader(model_onnx, **parameters.rule())
    if parameters.scheduler is None or reading_partitions is None:
        tracked = TrackedPictures(pictures, "Reading")
        results = read_all(tracked, reader, tracked.show_page)
        place = {}
    else:
        require_packages()
        from digit_recognition.cluster.reading import read_on_cluster

        results, partitions = read_on_cluster(
            pictures, path.root, reader, parameters, reading_partitions
        )
        place = {"parquet": partitions.path}
    folder = pictures.folder if isinstance(pictures, FolderPictures) else path.root
    return (
        results.readings,
        results.digits,
        {"folder": str(folder)}
        | _summarize(results, pictures.skipped, parameters, reader)
        | place,
    )


def _summarize(
    results: ReadingResults, skipped: int, parameters: ReadParameters, reader: Reader
) -> dict[str, Any]:
    rule = reader.rule
    return {
        **{name: results.counts[name] for name in COUNTS},
        "files_skipped": skipped,
        "max_error": parameters.max_error,
        "certainty": parameters.certainty,
        "certain": rule.threshold.guarantees(parameters.max_error),
        "certain_max_error": rule.threshold.max_error,
        "max_number_error": parameters.max_number_error,
        "certain_numbers": rule.guarantees_numbers(parameters.max_number_error),
        "threshold": rule.min_confidence_alone,
        "number_threshold": rule.min_confidence,
        **{
            name: reader.metadata[name]
            for name in ("model_version", "recipe", "dataset")
        },
        "pages": results.pages,
    }
