import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


NAMES = ["seed", "recipe", "train.deterministic", "read.max_error", "explain.picture"]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.sampled_from(NAMES), st.data())
def test_a_parameter_without_one_letter_is_suggested(name, data):
    start = name.rpartition(".")[0]
    position = data.draw(st.integers(len(start) + bool(start), len(name) - 1))
    misspelt = name[:position] + name[position + 1 :]
    assert nearest_parameter(misspelt, NAMES) == f"did you mean {name}?"
