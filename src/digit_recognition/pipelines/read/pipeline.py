"""The road from pictures to numbers."""

from kedro.pipeline import Node, Pipeline

from .annotating import annotate_pictures
from .nodes import read_pictures


def create_pipeline() -> Pipeline:
    """From pictures and the exported model to numbers, and pictures of the answers."""
    return Pipeline(
        [
            Node(
                read_pictures,
                ["pictures", "model_onnx", "params:pictures", "params:read"],
                ["readings", "digits", "reading_summary"],
                name="read_pictures",
            ),
            Node(
                annotate_pictures,
                ["pictures", "readings", "digits", "reading_summary"],
                "annotated_pictures",
                name="annotate_pictures",
            ),
        ]
    )
