"""All pipelines by name, and which of them make up `kedro run`."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("prepare", "train", "evaluate", "detector", "export")


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline by its folder's name, and ``__default__`` for a plain run.

    Where `--pipelines` names some, only those are imported, and no default is made.
    """
    pipelines = find_pipelines()
    if "__default__" in pipelines:
        pipelines["__default__"] = sum(map(pipelines.get, DEFAULT), Pipeline([]))
    return pipelines
