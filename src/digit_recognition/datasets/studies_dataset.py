"""``StudiesDataset`` keeps Optuna's hyperparameter studies in a journal file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_protocol_and_path

from digit_recognition.errors import missing_extra

if TYPE_CHECKING:
    from optuna.storages import JournalStorage


class StudiesDataset(AbstractDataset[NoReturn, Any]):
    """A local file to which Optuna appends each trial.

    The dataset is loaded as a JournalStorage of Optuna.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        """Set the file, which need not exist yet.

        Raises DatasetError if ``filepath`` is not a local path.
        """
        protocol, path = get_protocol_and_path(filepath)
        if protocol != "file":
            raise DatasetError(
                f"expected a local file for Optuna's studies, received {filepath}; "
                "object stores cannot append to a file"
            )
        self._file = Path(path)
        self.metadata = metadata

    def load(self) -> JournalStorage:
        """Return Optuna's storage for the file.

        Creates the folder of the file if it does not exist.

        Raises DatasetError if Optuna is not installed or if the file is damaged.
        """
        try:
            from optuna.exceptions import ExperimentalWarning
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend
        except ImportError as error:
            raise DatasetError(str(missing_extra(error))) from error

        self._file.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings(category=ExperimentalWarning, action="ignore"):
            try:
                return JournalStorage(JournalFileBackend(str(self._file)))
            except ValueError as error:
                raise DatasetError(
                    f"expected Optuna's studies in {self._file}, received a damaged "
                    f"file ({error}); move it away: finished trainings are kept"
                ) from error

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError: Optuna writes its studies itself."""
        raise DatasetError("expected to be loaded only: Optuna writes its studies")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._file)}
