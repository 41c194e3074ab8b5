"""Checkpoints from which a stopped training resumes."""

from __future__ import annotations

import hashlib
import inspect
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from digit_recognition.datasets import Checkpoints
from digit_recognition.digests import weights_digest
from digit_recognition.models import cnn, schedules
from digit_recognition.models.cnn import Classifier

from .fitting import Epoch

TRAINING_CODE = (
    *Path(__file__).parent.glob("*.py"),
    *(Path(inspect.getfile(module)) for module in (cnn, schedules)),
)


class Checkpoint:
    """The state of a training after its last complete epoch.

    A checkpoint is found by its name, which is a digest of these values:

    - ``conditions``, such as the data, the recipe and the seed
    - the initial weights
    - the versions of Keras and TensorFlow
    - the training code

    If any of these values differs, the checkpoint belongs to another training and is
    not found.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        conditions: dict[str, Any],
        network: Classifier,
    ):
        """Prepare the checkpoint; ``network`` is compiled and has its initial weights.

        The checkpoint is saved in ``checkpoints``.
        """
        network.optimizer.build(network.trainable_variables)
        self._variables = [*network.variables, *network.optimizer.variables]
        self._checkpoints = checkpoints
        self._name = _digest(
            {
                **conditions,
                "initial_weights": weights_digest(network.get_weights()),
                "code": [file.read_text() for file in sorted(TRAINING_CODE)],
                **{name: version(name) for name in ("keras", "tensorflow")},
            }
        )

    def save(self, history: list[Epoch], resumed_after: list[int]) -> None:
        """Save the weights, the state of the optimizer, and the two arguments.

        ``restore`` explains the arguments.
        """
        record = {"history": history, "resumed_after": resumed_after}
        values = (variable.numpy() for variable in self._variables)
        self._checkpoints.save(
            self._name,
            {
                "record": np.array(json.dumps(record)),
                **{f"variable{number}": array for number, array in enumerate(values)},
            },
        )

    def restore(self) -> tuple[list[Epoch], list[int]]:
        """Restore the saved state; return the lists ``history`` and ``resumed_after``.

        ``history`` has a row for each complete epoch. ``resumed_after`` has a number
        for each time that the training was resumed, including this time. The number
        says how many epochs were complete at that time. Both lists are empty if there
        is no checkpoint.
        """
        arrays = self._checkpoints.load(self._name)
        if arrays is None:
            return [], []
        record = _read_record(arrays)
        for number, variable in enumerate(self._variables):
            variable.assign(arrays[f"variable{number}"])
        history = record["history"]
        return history, [*record["resumed_after"], len(history)]

    def remove(self) -> None:
        """Remove the checkpoint of a training that has ended."""
        self._checkpoints.remove(self._name)


def read_history(arrays: dict[str, np.ndarray]) -> list[Epoch]:
    """Return the history that is stored in the arrays of a checkpoint."""
    return _read_record(arrays)["history"]


def _read_record(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return json.loads(str(arrays["record"]))


def _digest(conditions: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()
