"""The pipeline that trains many recipes with many seeds."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import draw_sweep, train_recipes


def create_pipeline() -> Pipeline:
    """Return the pipeline that trains recipes with several seeds on a cluster."""
    return Pipeline(
        [
            node_with_preview(
                train_recipes,
                [
                    *("x_train", "y_train", "x_test", "y_test", "dataset_info"),
                    *("finished_trainings", "params:sweep", "params:train"),
                    *("params:evaluate", "params:robustness"),
                ],
                "sweep",
                tags="training",
            ),
            node_with_preview(draw_sweep, "sweep", "sweep_chart", tags="reports"),
        ],
        namespace="sweep",
        prefix_datasets_with_namespace=False,
    )
