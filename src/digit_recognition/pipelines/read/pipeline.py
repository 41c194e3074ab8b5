"""The pipeline that reads pictures."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .annotating import annotate_pictures
from .nodes import read_pictures


def create_pipeline() -> Pipeline:
    """Return the pipeline that reads pictures and draws the results on them."""
    return Pipeline(
        [
            node_with_preview(
                read_pictures,
                [
                    *("pictures", "model_onnx", "params:pictures", "params:read"),
                    "reading_partitions",
                ],
                ["readings", "digits", "reading_summary"],
            ),
            node_with_preview(
                annotate_pictures,
                [
                    *("pictures", "readings", "digits", "reading_summary"),
                    *("params:read", "reading_partitions"),
                ],
                "annotated_pictures",
            ),
        ],
        namespace="read",
        prefix_datasets_with_namespace=False,
    )
