"""The pipeline that searches for the best values of a recipe's fields."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import draw_importances, search_recipe


def create_pipeline() -> Pipeline:
    """Return the pipeline that searches with Optuna and trains on a cluster."""
    return Pipeline(
        [
            node_with_preview(
                search_recipe,
                [
                    *("x_train", "y_train", "dataset_info", "finished_trainings"),
                    *("studies", "params:search", "params:seed", "params:train"),
                ],
                ["search", "study"],
                tags="training",
            ),
            node_with_preview(
                draw_importances,
                ["study", "params:seed"],
                "importances",
                tags="reports",
            ),
        ],
        namespace="search",
        prefix_datasets_with_namespace=False,
    )
