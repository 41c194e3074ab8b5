"""``KerasDataset`` stores a Keras model, and refuses to load one that is too large.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import zipfile
from typing import Any

from kedro.io import DatasetError
from kedro.io.core import get_filepath_str
from kedro_datasets.tensorflow import TensorFlowModelDataset

from digit_recognition.datasets.damage import MAX_UNPACKED_BYTES

MAX_JSON_BYTES = 10_000_000
"""Maximum size of a JSON file in a ``.keras`` file, in bytes. The model `standard`
needs 10,000 bytes."""


class KerasDataset(TensorFlowModelDataset):
    """Kedro's dataset for Keras models, with a limit on the size of a model.

    A ``.keras`` file is a zip archive. A damaged or malicious archive can unpack to a
    thousand times its size, and Keras itself has no limit.
    """

    def load(self) -> Any:
        """Return the model.

        A ``.keras`` file is a zip archive. Raises DatasetError if a JSON file in it is
        larger than MAX_JSON_BYTES when unpacked, or if all its files together are
        larger than MAX_UNPACKED_BYTES.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        with self._fs.open(path) as file, zipfile.ZipFile(file) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        for name, size in sizes.items():
            if name.endswith(".json") and size > MAX_JSON_BYTES:
                raise DatasetError(_describe(MAX_JSON_BYTES, size, f"{name} of {path}"))
        if (total := sum(sizes.values())) > MAX_UNPACKED_BYTES:
            raise DatasetError(_describe(MAX_UNPACKED_BYTES, total, path))
        return super().load()


def _describe(limit: int, size: int, name: str) -> str:
    return (
        f"expected at most {limit:,} bytes in {name}, received {size:,}; load only "
        "models that this project has saved"
    )
