"""The road from the metrics of all runs to one table and one chart."""

from kedro.pipeline import Node, Pipeline

from .nodes import draw_runs, tabulate_runs


def create_pipeline() -> Pipeline:
    """From all versions of metrics to a table and a chart."""
    return Pipeline(
        [
            Node(tabulate_runs, "all_metrics", "runs", name="tabulate_runs"),
            Node(draw_runs, "runs", "runs_chart", name="draw_runs"),
        ]
    )
