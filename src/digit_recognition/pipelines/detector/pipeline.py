"""The pipeline that trains the detector."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import train_detector


def create_pipeline() -> Pipeline:
    """Create the pipeline from the trained model and its training images to a detector.

    The detector is saved last, when its records already are.
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
