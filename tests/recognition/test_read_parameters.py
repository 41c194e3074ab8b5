import pytest
from kedro.validation import ModelInstantiationError

from digit_recognition.recognition.read_parameters import ReadParameters


@pytest.mark.parametrize("scheduler", ["local", "tcp://10.0.0.1:8786", "tls://a.b:1"])
def test_a_scheduler_is_this_machine_or_an_address(scheduler):
    parameters = ReadParameters.model_validate(
        {"max_error": 0.01, "scheduler": scheduler}
    )
    assert parameters.scheduler == scheduler


@pytest.mark.parametrize("scheduler", ["", "host:8786", "tcp://host", "http://h:1"])
def test_another_scheduler_is_refused_in_one_sentence(scheduler):
    with pytest.raises(ModelInstantiationError) as refused:
        ReadParameters.model_validate({"max_error": 0.01, "scheduler": scheduler})
    assert str(refused.value) == (
        "scheduler: expected local or an address such as tcp://HOST:8786, received "
        f"{scheduler!r}; correct it in conf/ or in --params"
    )


def test_the_rule_has_the_arguments_of_the_acceptance_rule_only():
    parameters = ReadParameters(max_error=0.01, scheduler="local")
    assert parameters.rule() == {
        "max_error": 0.01,
        "certainty": 0.95,
        "keep_digits": 0.97,
        "max_number_error": 0.0075,
    }
