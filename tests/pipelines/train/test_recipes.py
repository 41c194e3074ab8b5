from copy import deepcopy

import keras
import pytest
import yaml
from conftest import ROOT
from kedro.validation import ModelInstantiationError

from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import build_cnn
from digit_recognition.parameters import RecipeName
from digit_recognition.pipelines.train.fitting import compile_network
from digit_recognition.pipelines.train.recipes import TrainParameters


@pytest.fixture
def values():
    file = ROOT / "conf" / "base" / "parameters_train.yml"
    return yaml.safe_load(file.read_text())["train"]


def test_all_recipes_but_accurate_use_the_default_network(values):
    recipes = TrainParameters.model_validate(values).recipes
    assert list(recipes) == ["plain", "quick", "standard", "accurate"]
    for name in ("plain", "quick", "standard"):
        ours, design = recipes[name].network.build("float32"), build_cnn()
        assert ours.get_config() == design.get_config()


def test_the_plain_recipe_uses_keras_defaults(values):
    plain = TrainParameters.model_validate(values).recipes["plain"]
    optimizer = compile_network(build_cnn(), plain).optimizer
    textbook = keras.optimizers.Adam()
    assert type(optimizer) is type(textbook)
    assert optimizer.get_config() | {"name": ""} == textbook.get_config() | {"name": ""}
    assert (plain.batch_size, plain.epochs, plain.precision) == (32, 5, "float32")
    assert plain.augmentation is None


def test_the_default_recipe_uses_adam(values):
    assert (
        TrainParameters.model_validate(values).recipes["standard"].optimizer == "adam"
    )


def test_the_accurate_network_is_deeper_with_at_most_1_5_million_parameters(values):
    recipe = TrainParameters.model_validate(values).recipes["accurate"]
    network = recipe.finish(recipe.network.build("mixed_bfloat16"))
    assert 225_034 < network.count_params() <= 1_500_000
    column = network.get_layer("trunk").get_layer("column1")
    kinds = [type(layer).__name__ for layer in column.layers]
    assert kinds.count("Conv2D") == 4
    assert {layer.dtype_policy.name for layer in column.layers} == {"float32"}


def test_an_unknown_recipe_is_refused_with_the_known_ones(values):
    with pytest.raises(
        ProjectError,
        match="one of plain, quick, standard, accurate, received 'standrad'",
    ):
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
        ("recipes.plain.network.filters", [], "filters: .*at least 1"),
        ("recipes.plain.network.filters", [[]], "filters.0: .*at least 1"),
        ("recipes.plain.network.filters", [32, 64], "filters.0: .*list.* 32"),
        ("recipes.plain.network.kernel_size", 14, "leave nothing of 28 pixels"),
        ("recipes.plain.network.filters", [[1]] * 5, "leave nothing of 28 pixels"),
        ("recipes.standard.precision", "half", "'auto', 'float32' or 'bfloat16'"),
        ("recipes.standard.warmup", 1.5, "warmup: expected less than 1"),
        ("recipes.plain.warmup", 0.1, "expected 0 with a constant schedule.*0.1"),
        ("recipes.plain.adam_lr_ratio", 0.5, "expected 1 with adam, received 0.5"),
        ("recipes.quick.weight_decay", 0.1, "expected 0 with muon, received 0.1"),
        ("recipes.standard.augmentation.rotation", 90.0, "rotation: .*equal to 45"),
        ("recipes.standard.augmentation.flip", True, "flip: .*no such parameter"),
        ("deterministic", "sometimes", "deterministic: .*boolean.*'sometimes'"),
        ("resume", 1, "resume: expected a valid boolean, received 1"),
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


def test_a_recipe_takes_from_its_base_what_it_does_not_state(values):
    values["recipes"]["mine"] = {"base": "accurate", "network": {"columns": 2}}
    recipes = TrainParameters.model_validate(values).recipes
    mine, accurate = (recipes[name].model_dump() for name in ("mine", "accurate"))
    assert mine["network"] == accurate["network"] | {"columns": 2}
    assert mine | {"network": 0} == accurate | {"network": 0}


def test_a_recipe_may_remove_a_part_of_its_base(values):
    values["recipes"]["mine"] = {"base": "standard", "augmentation": {"paper": None}}
    augmentation = TrainParameters.model_validate(values).recipes["mine"].augmentation
    assert augmentation.paper is None
    assert augmentation.rotation == 12.0


def test_a_base_that_cannot_be_resolved_is_refused(values):
    recipes = values["recipes"]
    recipes["a"], recipes["b"] = {"base": "b"}, {"base": "a"}
    for base in ("standrad", "mine", "a", 7, ["plain"]):
        recipes["mine"] = {"base": base}
        with pytest.raises(
            ModelInstantiationError, match=r"base: expected the name of another recipe"
        ):
            TrainParameters.model_validate(values)
