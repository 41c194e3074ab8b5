"""Print a line for each stage of a run, with the time that the stage took."""

from __future__ import annotations

import logging
import sys
from collections import Counter, defaultdict
from contextlib import ExitStack
from time import perf_counter

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Node, Pipeline

from digit_recognition.runtime import format_duration

DESCRIPTIONS = {
    "prepare": "MNIST as arrays for the network",
    "train": "the network, trained and validated",
    "detector": "the detector, which tells digits from anything else",
    "evaluate": "accuracy on the test images, and reports",
    "export": "both as one ONNX model, checked against Keras",
    "read": "the numbers in your pictures",
    "robustness": "accuracy on corrupted test images",
    "explain": "what each layer computes for one image",
    "compare": "the metrics of all runs",
    "sweep": "recipes, trained with several seeds",
    "search": "the best values of a recipe's fields",
}

_display = ExitStack()


class StageHooks:
    """Print a line when a stage ends. A stage consists of the nodes of one pipeline.

    The line gives the time of the stage, which includes loading inputs, running nodes
    and saving outputs. While a stage runs, its name is shown if stdout is a terminal.
    """

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Count the nodes of each stage."""
        self._remaining = Counter(_stage(node) for node in pipeline.nodes)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._current = ""
        self._changed = perf_counter()

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """Count the time from now on as time of the node's stage."""
        self._enter(_stage(node))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Count the time from now on as time of the node's stage.

        This is needed for nodes that load no datasets. For all other nodes,
        ``before_dataset_loaded`` has already done the same.
        """
        self._enter(_stage(node))

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Subtract one from the number of nodes that are left in the node's stage.

        The stage does not end in this hook, because Kedro saves the outputs of the node
        afterwards. The time of the stage includes saving them.
        """
        self._remaining[_stage(node)] -= 1

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Print the line about the last stage."""
        self._enter("")

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Remove the name of the running stage from the terminal."""
        stop_display()

    def _enter(self, stage: str) -> None:
        previous, now = self._current, perf_counter()
        self._seconds[previous] += now - self._changed
        self._current, self._changed = stage, now
        if stage == previous:
            return
        stop_display()
        if previous and self._remaining[previous] == 0:
            duration = format_duration(self._seconds[previous])
            text = DESCRIPTIONS.get(previous, "")
            print(f"{previous:<10} {duration:>12}  {text}".rstrip(), flush=True)
        if stage:
            start_display(stage)


def stop_display() -> None:
    """Remove the name of the running stage from the terminal, if it is shown."""
    _display.close()


def start_display(stage: str) -> None:
    """Show the name of the running stage, if stdout is a terminal."""
    if not sys.stdout.isatty():
        return
    from rich import get_console

    stderr = sys.stderr
    _display.enter_context(get_console().status(stage))
    # The display replaces sys.stderr. Log handlers must write to the replacement, or
    # warnings end up in the line that the display redraws.
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is stderr:
            handler.setStream(sys.stderr)
            _display.callback(handler.setStream, stderr)


def _stage(node: Node) -> str:
    return node.namespace or node.name
