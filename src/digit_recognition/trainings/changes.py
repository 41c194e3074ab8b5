"""Change fields of a recipe (a named set of parameters), and describe the changes."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from digit_recognition.errors import ProjectError
from digit_recognition.parameters import unknown_recipe


def change_recipe(
    train: Mapping[str, Any], recipe: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a copy of ``train`` in which some fields of one recipe are changed.

    ``train`` holds the parameters of the pipeline `train`. ``changes`` maps names of
    fields to new values. Nested fields have dotted names, as in `kedro run --params`.
    Raises ProjectError if the recipe does not exist.

    >>> train = {"recipes": {"a": {"epochs": 5, "network": {"columns": 1}}}}
    >>> change_recipe(train, "a", {"network.columns": 2})
    {'recipes': {'a': {'epochs': 5, 'network': {'columns': 2}}}}
    """
    if recipe not in train["recipes"]:
        raise ProjectError(unknown_recipe(recipe, train["recipes"]))
    changed = copy.deepcopy(dict(train))
    for field, value in changes.items():
        entry = changed["recipes"][recipe]
        *path, last = field.split(".")
        for key in path:
            entry[key] = dict(entry.get(key) or {})
            entry = entry[key]
        entry[last] = value
    return changed


def describe_changes(changes: Mapping[str, Any]) -> str:
    """Return the changes as one text, or "" if there are no changes.

    >>> describe_changes({"epochs": 3, "network.columns": 2})
    'epochs=3 network.columns=2'
    """
    return " ".join(f"{field}={value}" for field, value in changes.items())


def parse_changes(description: str) -> dict[str, str]:
    """Return the changes that a text from ``describe_changes`` describes.

    The values of the result are texts, too.

    >>> parse_changes("epochs=3 network.filters=[[8], [16]]")
    {'epochs': '3', 'network.filters': '[[8], [16]]'}
    """
    return dict(re.findall(r"([\w.]+)=(.*?)(?= [\w.]+=|$)", description))


def describe_training(recipe: str, seed: int, changes: str) -> str:
    """Return a name for a training. ``changes`` is a text from ``describe_changes``.

    >>> describe_training("quick", 3, "epochs=5")
    'quick, seed 3, epochs=5'
    """
    return f"{recipe}, seed {seed}" + (f", {changes}" if changes else "")
