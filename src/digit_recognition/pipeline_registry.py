"""All pipelines by name, and those that `kedro run` consists of."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT_PIPELINES = ("prepare", "train", "evaluate", "detector", "export")


def register_pipelines() -> dict[str, Pipeline]:
    """Return each pipeline by its folder's name, and ``__default__`` for `kedro run`.

    With `--pipelines`, only the named pipelines are imported and returned.
    """
    pipelines = find_pipelines()
    if "__default__" in pipelines:
        pipelines["__default__"] = sum(
            (pipelines[name] for name in DEFAULT_PIPELINES), Pipeline([])
        )
    return pipelines
