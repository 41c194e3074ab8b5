"""The road from a trained model to its metrics and reports."""

from kedro.pipeline import Node, Pipeline

from digit_recognition.judging import verify_test_arrays

from .charts import (
    draw_confusion_matrix,
    draw_reliability,
    draw_risk_coverage,
    draw_training_curves,
)
from .mistakes import draw_mistakes
from .nodes import calibrate, predict_digits, score_digits, score_predictions


def create_pipeline() -> Pipeline:
    """From the model and the test arrays to predictions, metrics and reports."""
    return Pipeline(
        [
            Node(
                verify_test_arrays,
                ["x_test", "y_test", "dataset_info", "training", "params:evaluate"],
                ["verified_x_test", "verified_y_test", "test_data"],
                name="verify_test_arrays",
            ),
            Node(calibrate, "validation_predictions", "temperature", name="calibrate"),
            Node(
                predict_digits,
                [
                    *("model", "training", "verified_x_test", "verified_y_test"),
                    "temperature",
                ],
                ["predictions", "model_scores"],
                name="predict_digits",
            ),
            Node(
                score_predictions,
                ["predictions", "test_data", "training", "model_scores", "lineage"],
                "metrics",
                name="score_predictions",
            ),
            Node(score_digits, "predictions", "digit_scores", name="score_digits"),
            Node(
                draw_training_curves,
                ["history", "metrics"],
                "training_curves",
                name="draw_training_curves",
            ),
            Node(
                draw_confusion_matrix,
                ["predictions", "metrics"],
                "confusion_matrix",
                name="draw_confusion_matrix",
            ),
            Node(
                draw_mistakes,
                ["verified_x_test", "predictions", "metrics"],
                "mistakes",
                name="draw_mistakes",
            ),
            Node(
                draw_reliability,
                ["predictions", "metrics"],
                "reliability_diagram",
                name="draw_reliability",
            ),
            Node(
                draw_risk_coverage,
                ["predictions", "metrics"],
                "risk_coverage",
                name="draw_risk_coverage",
            ),
        ]
    )
