"""Nodes that search for the best values of a recipe's fields with Optuna."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from digit_recognition.datasets.journal_dataset import Journal
from digit_recognition.errors import ProjectError
from digit_recognition.parameters import Seed
from digit_recognition.plotting.style import BLUE, finish_chart
from digit_recognition.trainings.changes import describe_changes
from digit_recognition.trainings.planning import ClusterParameters, plan_training
from digit_recognition.trainings.scheduling import Trainer
from digit_recognition.trainings.training import Training

from .space import Choices, Interval

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial
    from plotly.graph_objects import Figure
else:
    Figure = JournalStorage = Study = Any  # Kedro resolves the nodes' type hints


class SearchParameters(ClusterParameters):
    """The recipe, the search space and the number of trials.

    - ``recipe``: the name of the recipe whose fields are changed.
    - ``space``: maps each field to the values that the search can choose. A field that
      is mapped to None keeps the recipe's value. Nested fields have dotted names, such
      as ``augmentation.rotation``.
    - ``trials``: the number of trials. A trial has one value for each field of the
      space, and trains the recipe with these values.
    - ``seeds``: the number of trainings in each trial, with the seeds 0, 1, 2, ... The
      accuracies of these trainings are averaged.
    - ``parallel``: the number of trials whose values are chosen together, before any of
      these trials is run.
    """

    recipe: str
    space: dict[str, Interval | Choices | None]
    trials: Annotated[int, Field(ge=1)]
    seeds: Annotated[int, Field(ge=1)]
    parallel: Annotated[int, Field(ge=1)]

    @field_validator("space")
    @classmethod
    def _check_space(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not any(value.values()):
            raise ValueError("expected values for at least one field, received none")
        return value


def search_recipe(
    x_train: np.ndarray,
    y_train: np.ndarray,
    dataset_info: dict[str, Any],
    journal: Journal,
    studies: JournalStorage,
    parameters: SearchParameters,
    seed: Seed,
    train: dict[str, Any],
) -> tuple[pd.DataFrame, Study]:
    """Search for the values of a recipe's fields with the best validation accuracy.

    ``x_train``, ``y_train`` and ``dataset_info`` are outputs of the pipeline
    ``prepare``. ``train`` holds the parameters of the pipeline ``train``.

    The first result is a table with a row for each trial. Its columns are:

    - ``trial``: the number of the trial, from 0.
    - ``changes``: the values as one text such as ``epochs=3 batch_size=64``.
    - ``validation_accuracy``: the mean over the trial's trainings, 0..1. It is missing
      if a training failed.
    - One column for each field of the search space, with the chosen values.

    The second result is Optuna's study.

    The same seed gives the same trials with any number of workers, and also if the
    search is stopped and resumed.

    Raises ProjectError if the recipe does not exist or if all trials fail.
    """
    from optuna.trial import TrialState

    data = {"x_train": x_train, "y_train": y_train, "dataset_info": dataset_info}

    def plan(trial: FrozenTrial) -> list[Training]:
        return [
            plan_training(
                *(parameters.recipe, number, trial.params, dataset_info, parameters),
                {"train": train},
            )
            for number in range(parameters.seeds)
        ]

    study = _open_study(studies, parameters, seed.root, dataset_info, train)
    problem = ""
    with Trainer(
        data,
        journal,
        resume=parameters.resume,
        scheduler=parameters.scheduler,
        threads=parameters.threads,
    ) as trainer:
        while running := _choose(study, parameters, seed.root):
            trainings = [training for trial in running for training in plan(trial)]
            rows = iter(trainer.run(trainings))
            for trial in running:
                results = [next(rows) for _ in range(parameters.seeds)]
                problems = [row["problem"] for row in results if row["problem"]]
                if problems:
                    problem = problems[0]
                    study.tell(trial.number, state=TrialState.FAIL)
                else:
                    accuracies = [row["validation_accuracy"] for row in results]
                    study.tell(trial.number, float(np.mean(accuracies)))
    if not study.get_trials(states=[TrialState.COMPLETE]):
        raise ProjectError(
            f"expected a trial without an error, received errors only: {problem}"
        )
    return _tabulate(study), study


def _open_study(
    studies: JournalStorage,
    parameters: SearchParameters,
    seed: int,
    dataset_info: dict[str, Any],
    train: dict[str, Any],
) -> Study:
    """Open the study of this search, or create it.

    The name of the study contains a digest of all parameters that affect the trials. So
    a search with other parameters gets another study. If ``parameters.resume`` is
    false, an existing study with the same name is deleted first.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    first = plan_training(
        *(parameters.recipe, seed, {}, dataset_info, parameters), {"train": train}
    )
    own = parameters.model_dump(include={"space", "seeds", "parallel"})
    conditions = json.dumps([first.key, own], sort_keys=True)
    name = f"{parameters.recipe}-{hashlib.sha256(conditions.encode()).hexdigest()}"
    names = [summary.study_name for summary in optuna.get_all_study_summaries(studies)]
    if name in names and not parameters.resume:
        optuna.delete_study(study_name=name, storage=studies)
    return optuna.create_study(
        storage=studies, study_name=name, direction="maximize", load_if_exists=True
    )


def _choose(study: Study, parameters: SearchParameters, seed: int) -> list[FrozenTrial]:
    """Choose the next trials to run; return an empty list if the search is finished.

    If an earlier run of the search was stopped, the list starts with the trials of that
    run that have no result yet.
    """
    import optuna
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    finished = sum(trial.state.is_finished() for trial in trials)
    until = (finished // parameters.parallel + 1) * parameters.parallel
    space = {
        field: values.distribution()
        for field, values in parameters.space.items()
        if values
    }
    for number in range(len(trials), min(until, parameters.trials)):
        with warnings.catch_warnings(
            category=optuna.exceptions.ExperimentalWarning, action="ignore"
        ):
            # Each trial has its own sampler, so a resumed search chooses the same.
            study.sampler = optuna.samplers.TPESampler(
                seed=(seed + 1_000_003 * number) % 2**32, constant_liar=True
            )
        study.ask(space)
    return study.get_trials(states=[TrialState.RUNNING])


def _tabulate(study: Study) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "trial": trial.number,
            "changes": describe_changes(trial.params),
            "validation_accuracy": trial.value,
            **trial.params,
        }
        for trial in study.trials
        if trial.state.is_finished()
    )


def draw_importances(study: Study, seed: Seed) -> Figure:
    """Draw how much each field of the search space affects the validation accuracy.

    The accuracy varies over the search space. The bar of a field shows which part of
    this variance the field explains without its interactions with other fields. The
    values of the bars are scaled so that their sum is 1. They are computed with fANOVA,
    which fits a random forest to all complete trials (Hutter, Hoos and Leyton-Brown
    2014, "An efficient approach for assessing hyperparameter importance").
    """
    import optuna
    from plotly.graph_objects import Figure

    trials = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    importances: dict[str, float] = {}
    if len({trial.value for trial in trials}) > 1:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed.root)
        importances = optuna.importance.get_param_importances(
            study, evaluator=evaluator
        )
    figure = Figure()
    figure.add_bar(
        x=list(importances.values()),
        y=list(importances),
        orientation="h",
        marker={"color": BLUE},
    )
    figure.update_xaxes(title="importance (the sum is 1)")
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(height=200 + 40 * len(importances))
    return finish_chart(
        figure, "Importance of each field", f"{len(trials):,} trials, by fANOVA"
    )
