"""The road from model input to a trained model."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import build_model, train_model


def create_pipeline() -> Pipeline:
    """From the training arrays and a recipe to a model and the record of its training.

    The model comes last, when what describes it is saved already.
    """
    recipe = ["params:recipe", "params:seed", "params:train"]
    return Pipeline(
        [
            node_with_preview(build_model, recipe, "untrained_model"),
            node_with_preview(
                train_model,
                [
                    *("untrained_model", "x_train", "y_train", "dataset_info"),
                    *("checkpoints", *recipe),
                ],
                ["history", "training", "validation_predictions", "model"],
            ),
        ]
    )
