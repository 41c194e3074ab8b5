"""The road from MNIST to model input."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import described

from .nodes import (
    describe_dataset,
    load_mnist,
    normalize_pixels,
    one_hot_labels,
    reshape_images,
)


def create_pipeline() -> Pipeline:
    """From MNIST to the arrays that the network takes."""
    nodes = [
        described(
            load_mnist,
            ["mnist", "params:prepare"],
            ["train_images", "train_labels", "test_images", "test_labels", "published"],
        ),
        described(
            describe_dataset,
            ["published", "x_train", "y_train", "x_test", "y_test"],
            "dataset_info",
        ),
    ]
    for split in ("train", "test"):
        nodes += [
            described(
                reshape_images,
                f"{split}_images",
                f"reshaped_{split}_images",
                name=f"reshape_images_{split}",
            ),
            described(
                normalize_pixels,
                f"reshaped_{split}_images",
                f"x_{split}",
                name=f"normalize_pixels_{split}",
            ),
            described(
                one_hot_labels,
                f"{split}_labels",
                f"y_{split}",
                name=f"one_hot_labels_{split}",
            ),
        ]
    return Pipeline(nodes)
