import pytest
from kedro.validation import ModelInstantiationError

from digit_recognition.parameters import Parameters, Seed


class Oven(Parameters):
    degrees: float
    minutes: int


def test_whole_numbers_are_taken_where_fractions_are_allowed():
    assert Oven.model_validate({"degrees": 180, "minutes": 40}).degrees == 180.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"degrees": "hot", "minutes": 1}, "degrees: expected a valid number, .*'hot'"),
        ({"degrees": 1.0, "minutes": 1.5}, "minutes: expected a valid integer, .*1.5"),
        ({"degrees": 1.0, "minutes": True}, "minutes: expected .*integer, .*True"),
        ({"degrees": 1.0}, "minutes: expected a value, received none"),
        ({"degrees": 1.0, "minutes": 1, "fan": 2}, "fan: expected no such parameter"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(values, message):
    with pytest.raises(ModelInstantiationError, match=f"{message}.*correct it in conf"):
        Oven.model_validate(values)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "7", True, None])
def test_a_seed_is_an_integer_of_32_bits(seed):
    with pytest.raises(ModelInstantiationError, match="expected"):
        Seed.model_validate(seed)


def test_a_good_seed_is_kept():
    assert Seed.model_validate(2**32 - 1).root == 4294967295
