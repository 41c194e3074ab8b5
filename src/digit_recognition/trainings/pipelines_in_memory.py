"""Run the project's pipelines on data in memory, without a project folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from kedro.validation.parameter_validator import ParameterValidator


def find_pipeline(name: str) -> Pipeline:
    """Return the pipeline that is defined in the folder ``pipelines/NAME``."""
    module = import_module(f"digit_recognition.pipelines.{name}")
    return module.create_pipeline()


def check_parameters(pipeline: Pipeline, parameters: dict[str, Any]) -> dict[str, Any]:
    """Check the parameters, and convert them to the types that the nodes take.

    Raises ParameterValidationError if a value is wrong, as `kedro run` does.
    """
    return ParameterValidator({"": pipeline}).validate_raw_params(parameters)


def run_pipeline(
    pipeline: Pipeline, data: Mapping[str, Any], parameters: dict[str, Any]
) -> dict[str, Any]:
    """Run the pipeline and return its final outputs by name.

    Outputs that are the input of another node are not returned. ``data`` maps the names
    of datasets to their contents. Entries of ``data`` and ``parameters`` that the
    pipeline does not take are ignored.
    """
    typed = check_parameters(pipeline, parameters)
    values = {**data, **{f"params:{name}": value for name, value in typed.items()}}
    catalog = DataCatalog(
        {name: MemoryDataset(copy_mode="assign") for name in pipeline.datasets()}
    )
    for name in pipeline.inputs():
        catalog.save(name, values[name])
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.outputs()}
