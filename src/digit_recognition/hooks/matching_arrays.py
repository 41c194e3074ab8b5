"""Load all arrays of a run from the same version, if possible.

If the run also loads the record of a model's training, the digests of the arrays in
this version must equal the digests in the record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, DatasetError, Version
from kedro.pipeline import Pipeline

from .damaged_arrays import ARRAYS, RECORD


class MatchingArraysHooks:
    """Load older arrays if the newest arrays do not match each other or the model.

    The arrays are the images and labels that `prepare` saves. They match each other if
    they have the same version. They match the model if their digests equal the digests
    in the record of its training. The model is considered only if the run loads this
    record.

    A run that was stopped can leave arrays that do not match. If it was stopped during
    `prepare`, the newest arrays may have different versions. If it was stopped between
    `prepare` and `train`, the newest arrays are newer than the newest model.

    This hook changes nothing in these cases:

    - `--load-versions` names an array or ``dataset_info``, the record of the arrays.
    - `evaluate.allow_other_data` is true.
    - No version of the arrays matches.
    """

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Load older arrays if the newest arrays do not match each other or the model.

        Arrays match each other if all of them have the same version. They match the
        model if their digests equal those in the record of its training; this is
        checked if the run loads the record. Prints a line if older arrays will be
        loaded. Raises DatasetError if the record of
        the training or the record of the newest arrays is damaged.
        """
        inputs = pipeline.inputs()
        arrays = [name for name in ARRAYS if name in inputs]
        requested = run_params["load_versions"] or {}
        if not arrays or not requested.keys().isdisjoint((*ARRAYS, RECORD)):
            return
        digests: dict[str, str] = {}
        if "training" in inputs:
            if _allows_other_data(inputs, catalog):
                return
            recorded = catalog.load("training")["digests"]
            digests = {name: recorded[name] for name in arrays}
        versions = {_version(catalog.get(name)) for name in arrays}
        newest = max(versions)
        if versions == {newest} and _matches(catalog, newest, arrays, digests):
            return
        for version in _versions(catalog.get(RECORD)):
            with contextlib.suppress(DatasetError):
                if _matches(catalog, version, arrays, digests):
                    for name in {*arrays, RECORD} & inputs:
                        _load_version(catalog.get(name), version)
                    print(_describe(arrays, version, digests), flush=True)
                    return


def _allows_other_data(inputs: Iterable[str], catalog: DataCatalog) -> bool:
    name = "params:evaluate"
    if name not in inputs:
        return False
    parameters = catalog.load(name)
    if isinstance(parameters, dict):
        return bool(parameters.get("allow_other_data"))
    return bool(parameters.allow_other_data)


def _matches(
    catalog: DataCatalog, version: str, arrays: list[str], digests: dict[str, str]
) -> bool:
    """Return whether all arrays exist in a version, with the given digests.

    The digests are compared with those in the record ``dataset_info`` of this version.
    Returns False if this record does not exist.
    """
    if not all(version in _versions(catalog.get(name)) for name in (*arrays, RECORD)):
        return False
    recorded = catalog.load(RECORD, version)["digests"]
    return digests.items() <= recorded.items()


def _describe(arrays: list[str], version: str, digests: dict[str, str]) -> str:
    reason = (
        "the model was trained with this version"
        if digests
        else "newer arrays are incomplete"
    )
    return f"Loading {', '.join(arrays)} of {version}: {reason}."


def _versions(dataset: Any) -> list[str]:
    """Return all versions of a dataset, beginning with the newest."""
    try:
        return dataset.list_versions(full_path=False)
    except DatasetError:
        return []


def _version(dataset: Any) -> str:
    return str(dataset.resolve_load_version())


def _load_version(dataset: Any, version: str) -> None:
    dataset._version = Version(version, dataset.resolve_save_version())
