import click
import pytest
from kedro.framework.cli.project import run as kedro_run

from digit_recognition.cli.options import with_short_errors


def read_params(value):
    (option,) = (option for option in kedro_run.params if option.name == "params")
    option = with_short_errors(option)
    return option.callback(click.Context(kedro_run), option, value)


def test_the_commas_of_a_list_do_not_end_a_parameter():
    assert read_params(
        "sweep.recipes=[plain, quick],seed=3,sweep.variants=[{epochs: 3, "
        "network.filters: [[2], [4]]},{}]"
    ) == {
        "seed": 3,
        "sweep": {
            "recipes": ["plain", "quick"],
            "variants": [{"epochs": 3, "network.filters": [[2], [4]]}, {}],
        },
    }


def test_values_without_a_list_are_read_as_kedro_reads_them():
    assert read_params("recipe=quick, seed=3") == {"recipe": "quick", "seed": 3}
    assert read_params("read.max_error=0.1") == {"read": {"max_error": 0.1}}


def test_a_list_that_does_not_end_is_refused():
    with pytest.raises(click.ClickException, match="expected key=value in --params"):
        read_params("sweep.recipes=[plain,quick")
