"""Define an MLflow model that reads the numbers on pictures.

The MLflow model contains the exported model, an ONNX file that classifies images of
digits. To load the MLflow model, MLflow runs this Python file. `logged_model` lists the
modules of this project (CODE) and the other packages (PACKAGES) that this file needs.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

MAX_PIXELS = 25_000_000
"""Maximum number of pixels of a picture, summed over all of its pages."""

COLUMNS = ("picture", "line", "number", "confidence", "accepted", "reason")


class PictureModel(PythonModel):
    """Reads the numbers on pictures."""

    def load_context(self, context: PythonModelContext) -> None:
        """Open the ONNX model, and create a reader.

        ``context.model_config`` has the parameters of the reader's acceptance rule.
        """
        from digit_recognition.models.onnx_sessions import open_session
        from digit_recognition.recognition.reader import load_reader

        session = open_session(
            Path(context.artifacts["model_onnx"]).read_bytes(), intra_op_num_threads=1
        )
        self._reader = load_reader(session, **context.model_config)

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (MLflow sets the signature)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 (MLflow sets the signature)
    ) -> pd.DataFrame:
        """Return a table with a row for each line of digits.

        Each row of ``model_input`` holds the bytes of a picture file, in the column
        ``picture``. The result has these columns:

        - picture: the row of the picture in ``model_input``, from 0;
        - line: the index of the line in the picture, from 0, counted over all pages;
        - number: the digits of the line, as text;
        - confidence: 0..1;
        - accepted: bool;
        - reason: why the number is not accepted, or "" if it is accepted.

        A picture without digits, or one that cannot be decoded, has one row with an
        empty number. If only a later page of a picture cannot be decoded, a row with an
        empty number follows the rows of the earlier pages. The reason in such a row
        says what is wrong with the picture.
        """
        rows = [
            (picture, line, *reading)
            for picture, data in enumerate(model_input["picture"])
            for line, reading in enumerate(self._read(data))
        ]
        return pd.DataFrame(rows, columns=pd.Index(COLUMNS))

    def _read(self, data: bytes) -> Iterator[tuple[str, float, bool, str]]:
        """Yield number, confidence, accepted and reason for each line of a picture.

        ``data`` holds the bytes of the picture file. If the picture has no line, or if
        a page cannot be decoded, the last number is empty, and its reason says why.
        """
        from digit_recognition.imaging.decoding import UnreadablePicture, decode
        from digit_recognition.recognition.reader import NothingToRead

        found, reason = False, ""
        try:
            for page in decode(io.BytesIO(data), MAX_PIXELS):
                try:
                    for line in self._reader.read(page.grey):
                        found = True
                        doubt = line.reason
                        yield line.number, line.confidence, not doubt, doubt
                except NothingToRead as nothing:
                    reason = reason or str(nothing)
        except UnreadablePicture as unreadable:
            found, reason = False, str(unreadable)
        if not found:
            yield "", 0.0, False, reason


set_model(PictureModel())
