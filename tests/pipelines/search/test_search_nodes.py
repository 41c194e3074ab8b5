from functools import partial

import pytest
import yaml
from conftest import ROOT
from kedro.validation import ModelInstantiationError

from digit_recognition.datasets import Journal, StudiesDataset
from digit_recognition.errors import ProjectError
from digit_recognition.parameters import Seed
from digit_recognition.pipelines.search import nodes
from digit_recognition.pipelines.search.nodes import (
    SearchParameters,
    draw_importances,
    search_recipe,
)

PARAMETERS = {
    "recipe": "quick",
    "space": {
        "learning_rate": {"low": 0.001, "high": 0.1, "log": True},
        "epochs": {"low": 1, "high": 4},
        "batch_size": {"choices": [128, 256]},
        "warmup": None,
    },
    **{"trials": 10, "seeds": 2, "parallel": 3},
    **{"resume": True, "scheduler": None, "threads": None},
}
INFO = {"dataset_digest": "0" * 64}


class FakeTrainer:
    """Trains nothing: the accuracy of a training depends on its epochs and its seed.

    Raises KeyboardInterrupt after ``budget`` calls of ``run``.
    """

    budget, asked, problem = 100, 0, ""

    def __init__(self, data, *_, **__):
        assert set(data) == {"x_train", "y_train", "dataset_info"}  # no test images

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self, trainings):
        FakeTrainer.budget -= 1
        if FakeTrainer.budget < 0:
            raise KeyboardInterrupt
        FakeTrainer.asked += len(trainings)
        return [
            {
                "problem": self.problem,
                "validation_accuracy": 0.5
                + 0.1 * training.changes["epochs"]
                + 0.01 * training.seed
                + training.changes["learning_rate"] / 10,
            }
            for training in trainings
        ]


@pytest.fixture
def search(tmp_path, monkeypatch):
    monkeypatch.setattr(nodes, "Trainer", FakeTrainer)
    for name, value in {"budget": 100, "asked": 0, "problem": ""}.items():
        monkeypatch.setattr(FakeTrainer, name, value)
    text = (ROOT / "conf" / "base" / "parameters_train.yml").read_text()

    def search(storage="studies", seed=0, **changes):
        return search_recipe(
            *(None, None, INFO, Journal(tmp_path)),
            StudiesDataset(filepath=f"{tmp_path}/{storage}.log").load(),
            SearchParameters.model_validate(PARAMETERS | changes),
            Seed(seed),
            yaml.safe_load(text)["train"],
        )

    return search


def test_a_search_tabulates_its_trials_within_the_space(search):
    table, study = search()
    assert list(table["trial"]) == list(range(10))
    assert list(table.columns[3:]) == ["learning_rate", "epochs", "batch_size"]
    assert table["learning_rate"].between(0.001, 0.1).all()
    assert set(table["epochs"]) <= {1, 2, 3, 4}
    assert set(table["batch_size"]) <= {128, 256}
    first = table.iloc[0]
    assert first["validation_accuracy"] == pytest.approx(
        0.5 + 0.1 * first["epochs"] + 0.005 + first["learning_rate"] / 10
    )
    assert f"epochs={first['epochs']}" in first["changes"]
    assert study.best_value == table["validation_accuracy"].max()
    assert FakeTrainer.asked == 20


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_a_stopped_search_resumes_with_the_same_trials(search, monkeypatch, calls):
    expected, _ = search("whole")
    FakeTrainer.budget = calls
    with pytest.raises(KeyboardInterrupt):
        search()
    FakeTrainer.budget = FakeTrainer.asked = 100
    table, _ = search()
    assert table.equals(expected)
    assert FakeTrainer.asked == 100 + 2 * (10 - 3 * calls)
    search()  # finished: nothing is trained
    assert FakeTrainer.asked == 100 + 2 * (10 - 3 * calls)


def test_another_seed_or_space_is_another_search(search):
    table, _ = search()
    other, _ = search(seed=1)
    assert not other.equals(table)
    one, _ = search(
        space={"epochs": {"low": 1, "high": 4}}
        | {"learning_rate": {"choices": [0.01, 0.02]}}
    )
    assert set(one["learning_rate"]) == {0.01, 0.02}
    assert FakeTrainer.asked == 60


def test_without_resume_a_search_starts_again(search):
    table, _ = search()
    again, _ = search(resume=False)
    assert again.equals(table)
    assert FakeTrainer.asked == 40


def test_a_search_whose_trials_all_fail_says_why(search, monkeypatch):
    monkeypatch.setattr(FakeTrainer, "problem", "the loss is not finite")
    with pytest.raises(ProjectError, match="errors only: the loss is not finite"):
        search()


def test_the_most_important_field_is_drawn_first(search):
    _, study = search(trials=30)
    (bars,) = draw_importances(study, Seed(0)).data
    assert set(bars.y) == {"epochs", "learning_rate", "batch_size"}
    assert bars.y[0] == "epochs"
    assert sum(bars.x) == pytest.approx(1)


def test_the_importances_of_one_trial_are_none(search):
    _, study = search(trials=1)
    assert draw_importances(study, Seed(0)).data[0].x == ()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"low": 3, "high": 1}, "with low < high, received 3 and 1"),
        ({"low": 0.0, "high": 1.0, "log": True}, "bounds above 0"),
        ({"low": 1}, "expected"),
        ({"choices": []}, "expected|at least 1"),
        (None, "expected values for at least one field"),
    ],
)
def test_a_space_that_is_none_is_refused(values, message):
    validate = partial(SearchParameters.model_validate)
    with pytest.raises(ModelInstantiationError, match=message):
        validate(PARAMETERS | {"space": {"epochs": values}})
