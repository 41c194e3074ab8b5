"""The road from a trained model and one image to pictures of what happens inside."""

from kedro.pipeline import Node, Pipeline

from .figures import draw_attention, draw_filters, draw_journey
from .nodes import choose_image, follow_image, tabulate_layers


def create_pipeline() -> Pipeline:
    """From the model and a test image or picture to three figures and a table."""
    return Pipeline(
        [
            Node(
                choose_image,
                ["x_test", "y_test", "explained_picture", "params:explain"],
                "chosen_image",
                name="choose_image",
            ),
            Node(
                follow_image,
                ["model", "chosen_image", "training", "lineage"],
                "image_journey",
                name="follow_image",
            ),
            Node(tabulate_layers, "model", "shapes", name="tabulate_layers"),
            Node(draw_filters, "image_journey", "filters", name="draw_filters"),
            Node(draw_journey, "image_journey", "journey", name="draw_journey"),
            Node(draw_attention, "image_journey", "attention", name="draw_attention"),
        ]
    )
