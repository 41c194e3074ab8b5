"""The pipeline that evaluates a trained model on corrupted images."""

from kedro.pipeline import Pipeline

from digit_recognition.viz.node_previews import node_with_preview

from .family_charts import draw_corruptions, draw_robustness
from .nodes import measure_robustness, summarize_robustness
from .other_writers import measure_other_writers


def create_pipeline() -> Pipeline:
    """Return the pipeline that evaluates the model on corrupted test images."""
    return Pipeline(
        [
            node_with_preview(
                measure_robustness,
                [
                    *("model", "training", "x_test", "y_test", "dataset_info"),
                    *("mnist_c", "params:seed", "params:robustness", "params:evaluate"),
                ],
                ["robustness", "corrupted_examples", "test_data"],
            ),
            node_with_preview(
                measure_other_writers, ["model", "training"], "other_writers"
            ),
            node_with_preview(
                summarize_robustness,
                [
                    *("robustness", "other_writers", "training", "test_data"),
                    *("params:seed", "lineage"),
                ],
                "robustness_summary",
            ),
            node_with_preview(
                draw_robustness,
                ["robustness", "robustness_summary"],
                "robustness_chart",
                tags="reports",
            ),
            node_with_preview(
                draw_corruptions,
                ["corrupted_examples", "robustness_summary"],
                "corruptions",
                tags="reports",
            ),
        ],
        namespace="robustness",
        prefix_datasets_with_namespace=False,
    )
