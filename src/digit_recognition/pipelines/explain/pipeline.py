"""The pipeline that shows what a trained model computes for one image."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .journey_figures import draw_attention, draw_filters, draw_journey
from .nodes import choose_image, follow_image, tabulate_layers


def create_pipeline() -> Pipeline:
    """Return the pipeline that shows how the model reads one image."""
    return Pipeline(
        [
            node_with_preview(
                choose_image,
                ["x_test", "y_test", "explained_picture", "params:explain"],
                "chosen_image",
            ),
            node_with_preview(
                follow_image,
                ["model", "chosen_image", "training", "lineage"],
                "image_journey",
            ),
            node_with_preview(tabulate_layers, "model", "shapes"),
            node_with_preview(draw_filters, "image_journey", "filters", tags="reports"),
            node_with_preview(draw_journey, "image_journey", "journey", tags="reports"),
            node_with_preview(
                draw_attention, "image_journey", "attention", tags="reports"
            ),
        ],
        namespace="explain",
        prefix_datasets_with_namespace=False,
    )
