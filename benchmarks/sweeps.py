"""Run the pipeline `sweep` on the whole of MNIST, and summarize its table.

Finished trainings are kept in the project's journal, so an interrupted benchmark
continues where it stopped. A training is repeated if the code, its parameters or the
processor change.
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
    """Train each recipe and variant with each seed; return the table of the sweep.

    Models are scored on the test images if ``test`` is true, otherwise on the
    validation images only, and on corrupted versions of these images.
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
    """Return the accuracies on MNIST-C's families (rows, 15)."""
    return rows[list(MNIST_C)].to_numpy()


def worst_family(rows: pd.DataFrame) -> str:
    """Name the MNIST-C family with the lowest mean accuracy, with that mean in %."""
    means = 100 * rows[list(MNIST_C)].mean()
    return f"{means.idxmin()} {means.min():.1f}"


def date_range(rows: pd.DataFrame) -> str:
    """Return the day of the trainings, or the first and the last day."""
    return " to ".join(sorted({rows["date"].min(), rows["date"].max()}))
