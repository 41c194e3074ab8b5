import json
from unittest import mock

import pytest

from digit_recognition.tracking.results import log_results
from digit_recognition.tracking.tracking_parameters import TrackingParameters

PARAMETERS = TrackingParameters.model_validate(
    {
        **{"tracking_uri": "sqlite:///mlflow.db", "experiment": "digits"},
        **{"register": False, "registered_model": "digits"},
    }
)


@pytest.fixture
def logged(tmp_path):
    """Return a function that logs the results of a version to a pretended run."""

    def log(**contents):
        files = {}
        for name, content in contents.items():
            files[name] = tmp_path / name
            files[name].write_text(content)
        run = mock.Mock()
        assert log_results(run, "now", files, {}, PARAMETERS) == ""
        return run

    return log


def test_the_results_of_robustness_are_metrics_tags_and_a_figure(logged, tmp_path):
    summary = {
        **{"accuracy_clean": 0.99, "accuracy_mnist_c": 0.95, "worst_accuracy": 0.7},
        **{"worst_family": "fog", "recipe": "quick", "model_version": "then"},
    }
    run = logged(robustness_summary=json.dumps(summary), robustness_chart="png")
    run.log_metrics.assert_called_once_with(
        {
            "robustness/accuracy_clean": 0.99,
            "robustness/accuracy_mnist_c": 0.95,
            "robustness/worst_accuracy": 0.7,
        }
    )
    tags = run.log_tags.call_args_list[0].args[0]
    assert tags == {"recipe": "quick", "model_version": "then"}
    log_artifact = run.connection.client.log_artifact
    log_artifact.assert_any_call(
        run.run_id, str(tmp_path / "robustness_chart"), "reports"
    )


def test_the_pictures_of_people_and_their_readings_are_not_logged(logged):
    run = logged(readings="secret", digits="secret", reading_summary='{"pictures": 3}')
    run.log_metrics.assert_called_once_with({})
    run.connection.client.log_artifact.assert_not_called()
