"""The pipeline that trains the detector."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import train_detector


def create_pipeline() -> Pipeline:
    """Return the pipeline that trains a detector for the trained model.

    The detector is saved last, so a saved detector always has a record and predictions.
    """
    return Pipeline(
        [
            node_with_preview(
                train_detector,
                [
                    *("model", "x_train", "y_train", "training"),
                    *("validation_predictions", "params:detector"),
                ],
                ["detector_training", "detector_predictions", "detector"],
                tags="training",
            ),
        ],
        namespace="detector",
        prefix_datasets_with_namespace=False,
    )
