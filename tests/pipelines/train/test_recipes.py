from copy import deepcopy

import pytest
import yaml
from conftest import ROOT
from kedro.validation import ModelInstantiationError

from digit_recognition.errors import ProjectError
from digit_recognition.parameters import RecipeName
from digit_recognition.pipelines.train.recipes import TrainParameters


@pytest.fixture
def values():
    file = ROOT / "conf" / "base" / "parameters_train.yml"
    return yaml.safe_load(file.read_text())["train"]


def test_the_standard_recipe_is_the_network_and_the_optimizer_of_the_design(values):
    recipe = TrainParameters.model_validate(values).recipe(RecipeName("standard"))
    assert recipe.network.model_dump() == {
        "filters": [32, 64],
        "kernel_size": 3,
        "dense_units": 128,
    }
    assert (recipe.optimizer, recipe.learning_rate) == ("adam", 0.001)


def test_an_unknown_recipe_is_refused_with_the_known_ones(values):
    with pytest.raises(ProjectError, match="one of standard, received 'standrad'"):
        TrainParameters.model_validate(values).recipe(RecipeName("standrad"))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("recipes.standard.epochs", 0, "recipes.standard.epochs: .*equal to 1.* 0"),
        ("recipes.standard.epochs", 2.5, "epochs: expected a valid integer.*2.5"),
        ("recipes.standard.epochs", True, "epochs: expected a valid integer.*True"),
        ("recipes.standard.batch_size", -1, "batch_size: expected greater.* -1"),
        ("recipes.standard.learning_rate", "fast", "learning_rate: .*number.*'fast'"),
        ("recipes.standard.learning_rate", 0.0, "learning_rate: expected greater"),
        ("recipes.standard.learning_rate", float("nan"), "learning_rate: expected"),
        ("recipes.standard.optimizer", "adm", "optimizer: expected 'adam'.*'adm'"),
        ("recipes.standard.network.filters", [], "filters: .*at least 1"),
        ("recipes.standard.network.kernel_size", 14, "leave nothing of 28 pixels"),
        ("recipes.standard.epoch", 3, "recipes.standard.epoch: .*no such parameter"),
        ("validation_fraction", 1.0, "validation_fraction: expected less than 1"),
        ("validation_fraction", "some", "validation_fraction: expected .*'some'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(values, path, value, message):
    values = deepcopy(values)
    *outer, last = path.split(".")
    inner = values
    for key in outer:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(ModelInstantiationError, match=message):
        TrainParameters.model_validate(values)
