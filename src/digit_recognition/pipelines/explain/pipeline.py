"""The road from a trained model and one image to pictures of what happens inside."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import described

from .journey_figures import draw_attention, draw_filters, draw_journey
from .nodes import choose_image, follow_image, tabulate_layers


def create_pipeline() -> Pipeline:
    """From the model and a test image or picture to three figures and a table."""
    return Pipeline(
        [
            described(
                choose_image,
                ["x_test", "y_test", "explained_picture", "params:explain"],
                "chosen_image",
            ),
            described(
                follow_image,
                ["model", "chosen_image", "training", "lineage"],
                "image_journey",
            ),
            described(tabulate_layers, "model", "shapes"),
            described(draw_filters, "image_journey", "filters"),
            described(draw_journey, "image_journey", "journey"),
            described(draw_attention, "image_journey", "attention"),
        ]
    )
