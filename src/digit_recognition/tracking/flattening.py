"""Convert nested parameters and records to MLflow's form.

A record is a JSON file of results. In MLflow's form, each value is one text or one
number, and has a name such as ``train.epochs``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from digit_recognition.parameters import resolve_bases

MAX_KEY = 250
"""Maximum number of characters in the name of a parameter or metric on MLflow."""

MAX_VALUE = 6000
"""Maximum number of characters of a parameter's value on MLflow."""

NOT_METRICS = {"seed", "epochs"}
"""Names of the numbers in a record (a JSON file of results) that are not logged as
metrics, because they are parameters of the run. Entries whose names end with
``_images`` (numbers of images) are not metrics either."""


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested values as a flat mapping from dotted names to texts.

    The names start with ``prefix``. Values other than text are written as JSON. Texts
    are cut to MAX_VALUE characters.

    >>> flatten({"network": {"filters": [[32], [64]]}, "resume": True}, "train.")
    {'train.network.filters': '[[32], [64]]', 'train.resume': 'true'}
    """
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            flat[shorten_key(f"{prefix}{name}")] = text[:MAX_VALUE]
    return flat


def shorten_key(name: str) -> str:
    """Return a name that MLflow accepts.

    All characters except letters, digits, ``_``, ``-``, ``.``, ``/`` and spaces are
    replaced by ``_``. If a name is longer than MAX_KEY, its end is replaced by a digest
    of the whole name, so that different long names stay different.
    """
    key = re.sub(r"[^\w\-./ ]", "_", name)
    if len(key) <= MAX_KEY:
        return key
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{key[: MAX_KEY - len(digest) - 1]}_{digest}"


def run_parameters(
    parameters: Mapping[str, Any], inputs: Iterable[str]
) -> dict[str, str]:
    """Return the parameters that a run uses, as text under dotted names.

    ``parameters`` are all of Kedro's parameters. ``inputs`` are the inputs of the run's
    pipeline, such as ``params:train``. Of all recipes, only the chosen one is in the
    result, under names such as ``train.epochs``. If the recipe has a base (another
    recipe that it extends), the values of the base are included.
    """
    used = {name.removeprefix("params:") for name in inputs if "params:" in name}
    values = {name: parameters[name] for name in sorted(used) if name in parameters}
    if "train" in values:
        train = dict(values["train"])
        recipes = resolve_bases(train.pop("recipes"))
        values["train"] = {**train, **recipes.get(str(values.get("recipe")), {})}
    return flatten(values)


def record_parameters(records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return those parameters of a finished run that its records contain.

    A record is a JSON file of results. ``records`` maps the names of records, such as
    ``training`` and ``detector_training``, to their contents. The parameters have the
    same names as in ``run_parameters``. ``train.precision`` is the precision that was
    used, even if the recipe says ``auto``.
    """
    training = records.get("training", {})
    about_data = ("recipe", "seed", "dataset", "dataset_digest", "digests", "gpus")
    about_run = ("train_images", "validation_images", "fit_seconds", "resumed_after")
    left_out = {*about_data, *about_run, "model_digest", "mlflow_run_id"}
    detector = records.get("detector_training", {})
    return {
        **flatten({k: training[k] for k in ("recipe", "seed") if k in training}),
        **flatten({k: v for k, v in training.items() if k not in left_out}, "train."),
        **flatten(
            {k: detector[k] for k in ("pictures", "epochs") if k in detector},
            "detector.",
        ),
    }


def numbers(record: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return the metrics in a record, with ``prefix`` in front of their names.

    All numbers are metrics, except those described in NOT_METRICS.

    >>> numbers({"test_accuracy": 0.99, "seed": 3, "dataset": "mnist"})
    {'test_accuracy': 0.99}
    """
    return {
        shorten_key(f"{prefix}{name}"): float(value)
        for name, value in record.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and name not in NOT_METRICS
        and not name.endswith("_images")
    }
