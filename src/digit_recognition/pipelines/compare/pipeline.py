"""The pipeline that compares the metrics of all runs."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .nodes import draw_runs, tabulate_runs


def create_pipeline() -> Pipeline:
    """Return the pipeline that compares the metrics of all runs."""
    return Pipeline(
        [
            node_with_preview(tabulate_runs, "all_metrics", "runs"),
            node_with_preview(draw_runs, "runs", "runs_chart", tags="reports"),
        ],
        namespace="compare",
        prefix_datasets_with_namespace=False,
    )
