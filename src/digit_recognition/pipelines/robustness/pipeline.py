"""The road from a trained model to how it holds on corrupted images."""

from kedro.pipeline import Pipeline

from digit_recognition.evaluation import verify_test_arrays
from digit_recognition.viz.node_previews import described

from .family_charts import draw_corruptions, draw_robustness
from .nodes import measure_robustness, summarize_robustness


def create_pipeline() -> Pipeline:
    """From the model and the test arrays to a table, a chart and examples."""
    return Pipeline(
        [
            described(
                verify_test_arrays,
                ["x_test", "y_test", "dataset_info", "training", "params:evaluate"],
                ["verified_x_test", "verified_y_test", "test_data"],
            ),
            described(
                measure_robustness,
                [
                    *("model", "training", "verified_x_test", "verified_y_test"),
                    *("mnist_c", "params:seed", "params:robustness"),
                ],
                ["robustness", "corrupted_examples"],
            ),
            described(
                summarize_robustness,
                ["robustness", "training", "test_data", "params:seed", "lineage"],
                "robustness_summary",
            ),
            described(
                draw_robustness,
                ["robustness", "robustness_summary"],
                "robustness_chart",
            ),
            described(
                draw_corruptions,
                ["corrupted_examples", "robustness_summary"],
                "corruptions",
            ),
        ]
    )
