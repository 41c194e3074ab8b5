"""Find all pipelines, and choose those that `kedro run` runs by default."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT_PIPELINES = ("prepare", "train", "evaluate", "detector", "export")


def register_pipelines() -> dict[str, Pipeline]:
    """Return the pipelines in a dict whose keys are their folder names.

    The dict also has the key ``__default__``, for the pipeline that `kedro run` runs.
    If pipelines are named with `--pipelines`, only these are imported and returned.
    """
    pipelines = find_pipelines()
    if "__default__" in pipelines:
        pipelines["__default__"] = sum(
            (pipelines[name] for name in DEFAULT_PIPELINES), Pipeline([])
        )
    return pipelines
