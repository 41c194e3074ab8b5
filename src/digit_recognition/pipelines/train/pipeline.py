"""The pipeline that trains a model."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import build_model, train_model


def create_pipeline() -> Pipeline:
    """Return the pipeline that trains the network of a recipe.

    The model is saved last, after its history, its record and its validation
    predictions. So none of these is missing if there is a model.
    """
    recipe = ["params:recipe", "params:seed", "params:train"]
    return Pipeline(
        [
            node_with_preview(build_model, recipe, "untrained_model", tags="training"),
            node_with_preview(
                train_model,
                [
                    *("untrained_model", "x_train", "y_train", "dataset_info"),
                    *("checkpoints", *recipe),
                ],
                ["history", "training", "validation_predictions", "model"],
                tags="training",
            ),
        ],
        namespace="train",
        prefix_datasets_with_namespace=False,
    )
