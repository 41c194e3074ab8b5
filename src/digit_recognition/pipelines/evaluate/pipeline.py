"""The road from a trained model to its metrics."""

from kedro.pipeline import Node, Pipeline

from digit_recognition.judging import verify_test_arrays

from .nodes import predict_digits, score_predictions


def create_pipeline() -> Pipeline:
    """From the model and the test arrays to predictions and metrics."""
    return Pipeline(
        [
            Node(
                verify_test_arrays,
                ["x_test", "y_test", "dataset_info", "training", "params:evaluate"],
                ["verified_x_test", "verified_y_test", "test_data"],
                name="verify_test_arrays",
            ),
            Node(
                predict_digits,
                ["model", "training", "verified_x_test", "verified_y_test"],
                ["predictions", "model_scores"],
                name="predict_digits",
            ),
            Node(
                score_predictions,
                ["predictions", "test_data", "training", "model_scores", "lineage"],
                "metrics",
                name="score_predictions",
            ),
        ]
    )
