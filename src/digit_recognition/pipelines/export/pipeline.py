"""The road from a trained model to one that runs without what trained it."""

from kedro.pipeline import Pipeline

from digit_recognition.evaluation import verify_test_arrays
from digit_recognition.viz.node_previews import node_with_preview

from .nodes import export_model, fit_detector


def create_pipeline() -> Pipeline:
    """From the model and its validation part to ONNX, held beside it on test images."""
    return Pipeline(
        [
            node_with_preview(
                verify_test_arrays,
                ["x_test", "y_test", "dataset_info", "training", "params:evaluate"],
                ["verified_x_test", "verified_y_test", "test_data"],
            ),
            node_with_preview(
                fit_detector,
                [
                    *("model", "x_train", "y_train", "training"),
                    *("validation_predictions", "params:export"),
                ],
                "detector",
            ),
            node_with_preview(
                export_model,
                [
                    *("model", "detector", "training", "validation_predictions"),
                    *("verified_x_test", "test_data", "lineage"),
                ],
                ["export_check", "model_onnx"],
            ),
        ]
    )
