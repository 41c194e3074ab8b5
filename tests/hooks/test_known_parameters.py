import pytest

from digit_recognition.hooks.known_parameters import nearest_parameter

KNOWN = ["seed", "recipe", "train", "train.recipes.a.epochs", "train.recipes.b.epochs"]


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("sed", "did you mean seed?"),
        ("epoch", "did you mean train.recipes.a.epochs?"),
        ("train.epochs", "did you mean train.recipes.a.epochs?"),
        ("train.recipes.b.epoch", "did you mean train.recipes.b.epochs?"),
        ("xyz", f"known are {', '.join(KNOWN)}"),
    ],
)
def test_the_nearest_parameter_is_suggested_else_all_are_listed(key, nearest):
    assert nearest_parameter(key, KNOWN) == nearest
