"""Nodes that train recipes with several seeds and compare their accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from digit_recognition.datasets.journal_dataset import Journal
from digit_recognition.errors import ProjectError
from digit_recognition.plotting.style import BLUE, BROWN, finish_chart
from digit_recognition.trainings.planning import ClusterParameters, plan_training
from digit_recognition.trainings.scheduling import Trainer

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    Figure = Any  # Kedro resolves the nodes' type hints at run time


class SweepParameters(ClusterParameters):
    """Which recipes are trained, and how often.

    - ``recipes``: names of recipes.
    - ``seeds``: the number of seeds. Each recipe is trained with the seeds 0, 1, 2, ...
    - ``variants``: a list of dicts. Each dict maps fields of a recipe to new values. An
      empty dict leaves the recipe unchanged. Each recipe is trained in each variant.
    - ``test``: whether the models are also scored on the test images.
    - ``corruptions``: whether the models are also scored on corrupted images.
    """

    recipes: Annotated[list[str], Field(min_length=1)]
    seeds: Annotated[int, Field(ge=1)]
    variants: Annotated[list[dict[str, Any]], Field(min_length=1)]
    test: bool
    corruptions: bool


def train_recipes(
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    journal: Journal,
    parameters: SweepParameters,
    train: dict[str, Any],
    evaluate: dict[str, Any],
    robustness: dict[str, Any],
) -> pd.DataFrame:
    """Train each recipe and variant with each seed; return a row per training.

    The arrays and ``dataset_info`` are outputs of the pipeline ``prepare``. ``train``,
    ``evaluate`` and ``robustness`` hold the parameters of the pipelines with these
    names. The trainings run on a cluster. The table has these columns:

    - recipe, seed, changes (the fields that the variant changes, as text such as
      ``epochs=3``), dataset, threads, processor, date.
    - problem: why the training failed. It is empty if the training succeeded.
    - epochs, precision, seconds (the duration of fitting), model_digest.
    - validation_accuracy (0..1) and validation_loss (nats).
    - test_accuracy and test_loss, if ``parameters.test`` is true. For MNIST, there is
      also test_accuracy_uncontested, which leaves out test images with disputed labels.
    - An accuracy for each family of corruptions, if ``parameters.corruptions`` is true.

    Raises ProjectError if a recipe does not exist or if all trainings fail.
    """
    data = {
        **{"x_train": x_train, "y_train": y_train, "dataset_info": dataset_info},
        **({"x_test": x_test, "y_test": y_test} if parameters.test else {}),
    }
    trainings = [
        plan_training(
            *(recipe, seed, changes, dataset_info, parameters),
            {"train": train, "evaluate": evaluate, "robustness": robustness},
            test=parameters.test,
            corruptions=parameters.corruptions,
        )
        for seed in range(parameters.seeds)
        for changes in parameters.variants
        for recipe in parameters.recipes
    ]
    with Trainer(
        data,
        journal,
        resume=parameters.resume,
        scheduler=parameters.scheduler,
        threads=parameters.threads,
    ) as trainer:
        sweep = pd.DataFrame(trainer.run(trainings))
    if (sweep["problem"] != "").all():
        raise ProjectError(
            "expected a training without an error, received errors only: "
            f"{sweep['problem'].iloc[0]}"
        )
    return sweep


def draw_sweep(sweep: pd.DataFrame) -> Figure:
    """Draw each training's accuracy, and the mean for each recipe and variant.

    A variant is a set of changes to the fields of a recipe.
    """
    from plotly.graph_objects import Figure

    sweep = sweep[sweep["problem"].fillna("") == ""]
    names = (sweep["recipe"] + " " + sweep["changes"].fillna("")).str.strip()
    figure = Figure()
    for part, colour, symbol in (
        ("validation", BLUE, "circle"),
        ("test", BROWN, "square"),
    ):
        if f"{part}_accuracy" not in sweep:
            continue
        accuracy = 100 * sweep[f"{part}_accuracy"]
        figure.add_scatter(
            x=accuracy.tolist(),
            y=names.tolist(),
            mode="markers",
            name=part,
            marker={"color": colour, "symbol": symbol, "size": 7, "opacity": 0.6},
            customdata=sweep["seed"].tolist(),
            hovertemplate="%{y}, seed %{customdata}: %{x:.2f} %",
        )
        means = accuracy.groupby(names, sort=False).mean()
        figure.add_scatter(
            x=means.tolist(),
            y=means.index.tolist(),
            mode="markers",
            name=f"{part}, mean",
            marker={"color": colour, "symbol": "line-ns-open", "size": 22},
            hovertemplate="%{y}: %{x:.2f} %",
        )
    figure.update_xaxes(title="accuracy, %")
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(height=220 + 45 * names.nunique())
    return finish_chart(
        figure,
        f"Accuracy of {len(sweep):,} trainings",
        f"{sweep['dataset'].iloc[0]} · {sweep['seed'].nunique()} seeds of each",
    )
