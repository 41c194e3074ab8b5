"""How a training that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from digit_recognition.datasets import Checkpoints
from digit_recognition.digests import weights_digest
from digit_recognition.models import cnn
from digit_recognition.models.cnn import Classifier

from .fitting import Epoch

CODE = (*Path(__file__).parent.glob("*.py"), Path(cnn.__file__))


class Checkpoint:
    """All that a training needs to go on from its last whole epoch.

    It is found again by ``conditions`` (data, recipe, seed, ...), the first weights,
    the versions of Keras and TensorFlow, and the code that trains: where any of them
    differs, another training would be gone on with.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        conditions: dict[str, Any],
        network: Classifier,
    ):
        """``network`` is compiled, and has its first weights."""
        network.optimizer.build(network.trainable_variables)
        self._variables = [*network.variables, *network.optimizer.variables]
        self._checkpoints = checkpoints
        self._name = _digest(
            {
                **conditions,
                "first_weights": weights_digest(network.get_weights()),
                "code": [file.read_text() for file in sorted(CODE)],
                **{name: version(name) for name in ("keras", "tensorflow")},
            }
        )

    def save(self, history: list[Epoch], resumed_after: list[int]) -> None:
        """Keep the weights, the optimizer's state and what is known of the epochs."""
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
        """Put back what was kept last; two empty lists where there is nothing."""
        arrays = self._checkpoints.load(self._name)
        if arrays is None:
            return [], []
        record = json.loads(str(arrays["record"]))
        for number, variable in enumerate(self._variables):
            variable.assign(arrays[f"variable{number}"])
        history = record["history"]
        return history, [*record["resumed_after"], len(history)]

    def remove(self) -> None:
        """Remove it: the training has ended."""
        self._checkpoints.remove(self._name)


def _digest(conditions: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()
