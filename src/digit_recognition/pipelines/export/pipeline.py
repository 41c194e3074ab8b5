"""The pipeline that exports the model to ONNX."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import export_model


def create_pipeline() -> Pipeline:
    """Return the pipeline that exports the model and the detector to one ONNX model."""
    return Pipeline(
        [
            node_with_preview(
                export_model,
                [
                    *("model", "training"),
                    *("detector", "detector_training", "detector_predictions"),
                    *("x_test", "y_test", "dataset_info", "params:evaluate"),
                    "lineage",
                ],
                ["export_check", "model_onnx"],
            ),
        ],
        namespace="export",
        prefix_datasets_with_namespace=False,
    )
