import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kedro.validation import ModelInstantiationError

from digit_recognition.parameters import Fraction, Parameters, Seed

quick = settings(max_examples=30, deadline=None, derandomize=True)


class Oven(Parameters):
    degrees: float
    minutes: int


class Loaf(Parameters):
    rye: Fraction


def test_integers_are_accepted_for_floats():
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
def test_a_wrong_field_is_named_with_what_was_expected(values, message):
    with pytest.raises(ModelInstantiationError, match=f"{message}.*correct it in conf"):
        Oven.model_validate(values)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "7", True, None])
def test_a_seed_is_an_integer_of_32_bits(seed):
    with pytest.raises(ModelInstantiationError, match="expected"):
        Seed.model_validate(seed)


def test_the_largest_seed_is_accepted():
    assert Seed.model_validate(2**32 - 1).root == 4294967295


@quick
@given(st.integers())
def test_exactly_the_integers_of_32_bits_are_seeds(number):
    if 0 <= number < 2**32:
        assert Seed.model_validate(number).root == number
    else:
        with pytest.raises(ModelInstantiationError, match=rf"received {number};"):
            Seed.model_validate(number)


@quick
@given(st.floats(allow_nan=True))
def test_exactly_the_numbers_from_0_to_1_are_fractions(number):
    if 0 <= number <= 1:
        assert Loaf.model_validate({"rye": number}).rye == number
    else:
        with pytest.raises(ModelInstantiationError, match=r"rye: expected .* received"):
            Loaf.model_validate({"rye": number})


@quick
@given(st.text(min_size=1).filter(lambda name: name not in ("degrees", "minutes")))
def test_any_unknown_field_is_refused(name):
    with pytest.raises(ModelInstantiationError, match="expected no such parameter"):
        Oven.model_validate({"degrees": 1.0, "minutes": 1, name: 1})
