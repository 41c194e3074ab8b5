"""Run the pipeline `sweep` on the whole of MNIST, and summarize its table.

The project records finished trainings in a journal, so an interrupted benchmark
continues where it stopped. A training is repeated only if its parameters, the code or
the processor have changed.
"""

import json
import subprocess
import sys

import numpy as np
import pandas as pd

from digit_recognition.corruptions import MNIST_C

from common import ROOT, newest_version


def run_sweep(
    recipes: list[str], seeds: int, variants: list[dict] | None = None, *, test: bool
) -> pd.DataFrame:
    """Train each variant of each recipe with each seed.

    ``seeds`` is the number of seeds: 3 means the seeds 0, 1 and 2. A variant maps
    fields of the recipe to new values; by default, only the unchanged recipe is
    trained. Returns a row for each training.

    Each row has the accuracy on the validation images. If ``test`` is true, it also has
    the accuracy on the test images and on corrupted test images. Otherwise, it has the
    accuracy on corrupted validation images. All accuracies are in 0..1.
    """
    if not (ROOT / "data" / "05_model_input" / "dataset_info.json").exists():
        _run_kedro("prepare")
    path = newest_version(ROOT, "05_model_input/dataset_info.json")
    if json.loads(path.read_text())["dataset"] != "mnist":
        sys.exit(
            "expected the arrays of MNIST, received others; put MNIST into data/01_raw "
            "and run `kedro run --pipelines prepare`"
        )
    values = {
        "recipes": recipes,
        "seeds": seeds,
        "variants": variants or [{}],
        "test": test,
        "corruptions": True,
    }
    params = [f"sweep.{name}={json.dumps(value)}" for name, value in values.items()]
    _run_kedro("sweep", "--params", ",".join(params))
    return pd.read_csv(
        newest_version(ROOT, "08_reporting/sweep.csv"), keep_default_na=False
    )


def _run_kedro(pipeline: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "kedro", "run", "--pipelines", pipeline]
    if subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode:
        sys.exit(1)


def corrupted_accuracies(rows: pd.DataFrame) -> np.ndarray:
    """Return the accuracy of each row on each family of MNIST-C, (rows, 15) in 0..1."""
    return rows[list(MNIST_C)].to_numpy()


def worst_family(rows: pd.DataFrame) -> str:
    """Return the MNIST-C family with the lowest mean accuracy, such as ``fog 93.1``.

    The number is this mean, in %.
    """
    means = 100 * rows[list(MNIST_C)].mean()
    return f"{means.idxmin()} {means.min():.1f}"


def date_range(rows: pd.DataFrame) -> str:
    """Return the day of the trainings, or ``<first day> to <last day>``."""
    return " to ".join(sorted({rows["date"].min(), rows["date"].max()}))
