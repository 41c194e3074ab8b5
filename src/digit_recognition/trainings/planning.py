"""Plan trainings: check their parameters before any of them starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from digit_recognition.parameters import Parameters

from .changes import change_recipe
from .pipelines_in_memory import check_parameters, find_pipeline
from .training import Training, software_digest


class ClusterParameters(Parameters):
    """Parameters that say where and how trainings run.

    - ``resume``: whether results in the journal are used, so that finished trainings
      are not repeated.
    - ``scheduler``: the address of a Dask scheduler, or None for a new Dask cluster on
      this machine.
    - ``threads``: the number of threads of each training, or None for all cores. The
      model's weights depend on this number.
    """

    resume: bool
    scheduler: str | None
    threads: Annotated[int, Field(ge=1)] | None


def plan_training(
    recipe: str,
    seed: int,
    changes: Mapping[str, Any],
    dataset_info: Mapping[str, Any],
    cluster: ClusterParameters,
    parameters: Mapping[str, Any],
    *,
    test: bool = False,
    corruptions: bool = False,
) -> Training:
    """Return a training that uses a recipe with some changed fields.

    - ``changes``: maps dotted names of fields to new values, as in ``change_recipe``.
    - ``dataset_info``: the record that the pipeline `prepare` saved. Its
      ``dataset_digest`` identifies the arrays of the dataset.
    - ``cluster``: only its ``threads`` are used.
    - ``parameters``: maps the names of pipelines, such as ``train``, to their
      parameters.
    - ``test``, ``corruptions``: see ``Training``.

    Raises ProjectError if the recipe does not exist, and ParameterValidationError if a
    changed field is unknown or has a wrong value.
    """
    # Kedro passes models, not dicts, if the run also includes these pipelines.
    plain = {
        name: value.model_dump() if isinstance(value, BaseModel) else value
        for name, value in parameters.items()
    }
    changed = change_recipe(plain["train"], recipe, changes)
    typed = check_parameters(
        find_pipeline("train"), {"recipe": recipe, "seed": seed, "train": changed}
    )
    train = typed["train"].model_dump()
    # Other recipes and ``resume`` do not affect the result, so they must not change the
    # result's key in the journal.
    plain["train"] = {
        **train,
        "resume": False,
        "recipes": {recipe: train["recipes"][recipe]},
    }
    if not corruptions:
        plain.pop("robustness", None)
    return Training(
        recipe=recipe,
        seed=seed,
        changes=dict(changes),
        parameters=plain,
        dataset_digest=dataset_info["dataset_digest"],
        test=test,
        corruptions=corruptions,
        threads=cluster.threads,
        software=software_digest(),
    )
