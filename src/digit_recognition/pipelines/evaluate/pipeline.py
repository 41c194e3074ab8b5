"""The pipeline that evaluates a trained model."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .charts import (
    draw_confusion_matrix,
    draw_reliability,
    draw_risk_coverage,
    draw_training_curves,
)
from .mistakes import draw_mistakes
from .nodes import calibrate, predict_digits, score_digits, score_predictions


def create_pipeline() -> Pipeline:
    """Return the pipeline that evaluates the model on the test images."""
    return Pipeline(
        [
            node_with_preview(calibrate, "validation_predictions", "temperature"),
            node_with_preview(
                predict_digits,
                [
                    *("model", "training", "x_test", "y_test", "dataset_info"),
                    *("temperature", "params:evaluate"),
                ],
                ["predictions", "model_scores"],
            ),
            node_with_preview(
                score_predictions,
                ["predictions", "training", "model_scores", "lineage"],
                "metrics",
            ),
            node_with_preview(score_digits, "predictions", "digit_scores"),
            node_with_preview(
                draw_training_curves,
                ["history", "training", "metrics"],
                "training_curves",
                tags="reports",
            ),
            node_with_preview(
                draw_confusion_matrix,
                ["predictions", "metrics"],
                "confusion_matrix",
                tags="reports",
            ),
            node_with_preview(
                draw_mistakes,
                ["x_test", "predictions", "metrics"],
                "mistakes",
                tags="reports",
            ),
            node_with_preview(
                draw_reliability,
                ["predictions", "metrics"],
                "reliability_diagram",
                tags="reports",
            ),
            node_with_preview(
                draw_risk_coverage,
                ["predictions", "metrics"],
                "risk_coverage",
                tags="reports",
            ),
        ],
        namespace="evaluate",
        prefix_datasets_with_namespace=False,
    )
