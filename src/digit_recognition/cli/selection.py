"""Check the options of `kedro run`, explain mistakes, and complete the node names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from kedro.framework.project import pipelines
from kedro.pipeline import Node, Pipeline
from kedro.utils import load_obj

from digit_recognition.errors import ProjectError

RUNNERS = ("SequentialRunner", "ThreadRunner")
NODE_OPTIONS = ("node_names", "from_nodes", "to_nodes")


def check_selection(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `kedro run` with complete node names.

    A node may be named without its namespace: ``train_model`` stands for
    ``train.train_model``. Raises ProjectError if a name is unknown, if the options
    together select no node, or if another option is invalid or not supported, such as
    ``--async`` or ``--runner ParallelRunner``.
    """
    _check_runner(options)
    pipeline = _find_pipeline(options)
    options = dict(options)
    for name in NODE_OPTIONS:
        options[name] = _complete(_option(name), options[name], pipeline.nodes)
    datasets = pipeline.datasets()
    known = {
        "from_inputs": datasets,
        "to_outputs": pipeline.all_outputs(),
        "load_versions": datasets,
        "tags": {tag for node in pipeline.nodes for tag in node.tags},
        "namespaces": {node.namespace for node in pipeline.nodes if node.namespace},
    }
    for name, values in known.items():
        for value in options[name]:
            _check_known(_option(name), value, values)
    try:
        pipeline.filter(
            tags=options["tags"] or None,
            from_nodes=options["from_nodes"] or None,
            to_nodes=options["to_nodes"] or None,
            node_names=options["node_names"] or None,
            from_inputs=options["from_inputs"] or None,
            to_outputs=options["to_outputs"] or None,
            node_namespaces=options["namespaces"] or None,
        )
    except ValueError as error:
        raise ProjectError(
            "expected options that select at least one node, received a combination "
            "that selects none; leave one of them out"
        ) from error
    return options


def _option(name: str) -> str:
    """Return the option as it is typed on the command line.

    >>> _option("from_nodes")
    '--from-nodes'
    """
    return "--nodes" if name == "node_names" else f"--{name.replace('_', '-')}"


def _check_runner(options: dict[str, Any]) -> None:
    if options["is_async"]:
        raise ProjectError(
            "expected no --async, received it; train_model keeps its checkpoint until "
            "its model is saved, which Kedro does not do in the background"
        )
    name = options["runner"] or RUNNERS[0]
    if name.rpartition(".")[2] == "ParallelRunner":
        raise ProjectError(
            f"expected --runner {' or '.join(RUNNERS)}, received {name}; it starts a "
            "process for each node, and TensorFlow models do not pass between processes"
        )
    try:
        runner = load_obj(name, "kedro.runner")
    except (ImportError, AttributeError, ValueError) as error:
        raise ProjectError(
            f"expected a runner in --runner, received {name!r}; "
            f"{_suggest(name, RUNNERS)}"
        ) from error
    try:
        runner(**options["runner_params"])
    except (TypeError, ValueError) as error:
        raise ProjectError(
            f"expected parameters of {name} in --runner-params, received "
            f"{options['runner_params']} ({error}); correct them or leave them out"
        ) from error


def _find_pipeline(options: dict[str, Any]) -> Pipeline:
    """Return the requested pipelines, combined into one pipeline.

    Other pipelines are not imported. Raises ProjectError if a pipeline is unknown, or
    if both ``--pipeline`` and ``--pipelines`` are given.
    """
    if options["pipeline"] and options["pipelines"]:
        raise ProjectError(
            "expected --pipelines or --pipeline, received both; take --pipelines"
        )
    names = [options["pipeline"]] if options["pipeline"] else options["pipelines"]
    pipelines.set_requested(names or None)
    found = Pipeline([])
    for name in names or ["__default__"]:
        if name not in pipelines:
            pipelines.set_requested(None)
            known = [known for known in pipelines if known != "__default__"]
            raise ProjectError(
                f"expected a pipeline in --pipelines, received {name!r}; "
                f"{_suggest(name, known)}"
            )
        found += pipelines[name]
    return found


def _complete(option: str, names: Iterable[str], nodes: list[Node]) -> list[str]:
    complete = []
    for name in names:
        found = [node.name for node in nodes if name in (node.name, node.short_name)]
        if not found:
            _check_known(option, name, [node.short_name for node in nodes])
        complete += found
    return complete


def _check_known(option: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ProjectError(
            f"expected a known name in {option}, received {value!r}; "
            f"{_suggest(value, known)}"
        )


def _suggest(value: str, known: Collection[str]) -> str:
    """Suggest the most similar known name, or list all known names.

    >>> _suggest("trainmodel", ["build_model", "train_model"])
    'did you mean train_model?'
    """
    matches = get_close_matches(value, known, n=1)
    return (
        f"did you mean {matches[0]}?"
        if matches
        else f"known: {', '.join(sorted(known)) or 'none'}"
    )
