import logging
import re

import pytest
from kedro.framework.hooks import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from digit_recognition.hooks import StageHooks


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def one():
    """Return 1."""
    return 1


def same(value):
    """Return the value."""
    return value


def fail(value):
    """Raise ValueError."""
    raise ValueError(value)


def chain(last=same):
    return Pipeline(
        [
            Node(one, None, "a", name="one", namespace="prepare"),
            Node(same, "a", "b", name="first", namespace="train"),
            Node(last, "b", "c", name="second", namespace="train"),
        ]
    )


def run(pipeline):
    manager = _create_hook_manager()
    hooks = StageHooks()
    manager.register(hooks)
    catalog = DataCatalog({name: MemoryDataset() for name in "abc"})
    hooks.before_pipeline_run(pipeline)
    SequentialRunner().run(pipeline, catalog, manager)
    hooks.after_pipeline_run()


def test_each_stage_gets_one_line_with_its_time(capsys):
    run(chain())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"prepare +0\.\d s  MNIST as arrays for the network", lines[0])
    assert re.fullmatch(r"train +0\.\d s  the network, trained and validated", lines[1])


def test_a_stage_that_fails_gets_no_line(capsys):
    with pytest.raises(ValueError, match="1"):
        run(chain(last=fail))
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "prepare"
    ]
