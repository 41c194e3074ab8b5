"""The pipeline that prepares MNIST."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import (
    describe_dataset,
    load_mnist,
    normalize_pixels,
    one_hot_labels,
    reshape_images,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline that converts MNIST to the arrays that the network takes."""
    nodes = [
        node_with_preview(
            load_mnist,
            ["mnist", "params:prepare"],
            ["train_images", "train_labels", "test_images", "test_labels", "published"],
        ),
        node_with_preview(
            describe_dataset,
            ["published", "x_train", "y_train", "x_test", "y_test"],
            "dataset_info",
        ),
    ]
    for split in ("train", "test"):
        nodes += [
            node_with_preview(
                reshape_images,
                f"{split}_images",
                f"reshaped_{split}_images",
                name=f"reshape_images_{split}",
            ),
            node_with_preview(
                normalize_pixels,
                f"reshaped_{split}_images",
                f"x_{split}",
                name=f"normalize_pixels_{split}",
            ),
            node_with_preview(
                one_hot_labels,
                f"{split}_labels",
                f"y_{split}",
                name=f"one_hot_labels_{split}",
            ),
        ]
    return Pipeline(nodes, namespace="prepare", prefix_datasets_with_namespace=False)
