"""The exported model as an MLflow model: pictures in, numbers out.

MLflow runs this file when it loads the model. `logged_model` lists the modules of this
package and the other packages that the model needs.
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
        """Open the ONNX model, and create a reader with the configured acceptance rule.

        The model's configuration has the parameters of the acceptance rule.
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

        ``model_input`` has the column picture, with the bytes of a picture file in each
        row. Columns of the result: picture (the row of the input, from 0), line
        (counted from 0 over all pages), number (text), confidence (0..1), accepted
        (bool) and reason (why the number is not accepted).

        A picture without digits has one row, with the reason. If a picture or one of
        its pages cannot be decoded, the last row of the picture has the reason.
        """
        rows = [
            (picture, line, *reading)
            for picture, data in enumerate(model_input["picture"])
            for line, reading in enumerate(self._read(data))
        ]
        return pd.DataFrame(rows, columns=pd.Index(COLUMNS))

    def _read(self, data: bytes) -> Iterator[tuple[str, float, bool, str]]:
        """Yield number, confidence, accepted and reason for each line of a picture.

        ``data`` holds the bytes of the picture file. The number is empty if there is no
        line, or after a page that cannot be decoded.
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
