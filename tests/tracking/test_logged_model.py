import pytest
import yaml

from digit_recognition.tracking.logged_model import save_model


@pytest.mark.filterwarnings("ignore")  # MLflow warns of type hints in its own code
def test_a_model_keeps_the_acceptance_rule_and_no_other_parameter(
    small_project, tmp_path
):
    (model,) = small_project.glob("data/06_models/model.onnx/*/model.onnx")
    rule = {"max_error": 0.01, "certainty": 0.9, "keep_digits": 0.97}
    rule["max_number_error"] = 0.02
    save_model(tmp_path / "model", model, {**rule, "partition_size": 8})
    saved = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    assert saved["flavors"]["python_function"]["config"] == rule
