"""Seconds of the pipelines that make reports: `evaluate`, `explain` and `compare`.

Each pipeline runs in its own process, in a copy of the project in data/benchmarks. The
copy has a model of the recipe `quick`, trained on the whole of MNIST, and 10,000 older
versions of its metrics, which `compare` reads. A process that only imports TensorFlow
is measured for comparison. Each round runs all processes.
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from digit_recognition.runtime import processor

from common import FOLDER, copy_project, newest_version, parse_arguments, run_kedro

VERSIONS = 10_000
METRICS = "08_reporting/metrics.json"
COMMANDS = {
    "evaluate, without reports": ("evaluate", "--to-nodes", "score_predictions"),
    "evaluate": ("evaluate",),
    "explain": ("explain",),
    f"compare, {VERSIONS:,} versions": ("compare",),
}


def train(project: Path) -> None:
    copy_project(project)
    pipelines = "prepare,train,evaluate"
    run_kedro(project, "run", "--pipelines", pipelines, "--params", "recipe=quick")


def copy_metrics(project: Path) -> None:
    """Save 10,000 copies of the newest metrics as older versions."""
    newest = newest_version(project, METRICS)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(VERSIONS):
        version = f"{start + timedelta(minutes=number):%Y-%m-%dT%H.%M.%S}.000Z"
        folder = project / "data" / METRICS / version
        folder.mkdir(exist_ok=True)
        shutil.copy(newest, folder)


def main() -> None:
    rounds = parse_arguments(__doc__, rounds=3).rounds
    project = FOLDER / "reports"
    train(project)
    copy_metrics(project)
    results: dict[str, list[float]] = {"import tensorflow": []} | {
        name: [] for name in COMMANDS
    }
    for _ in range(rounds):
        for name, seconds in results.items():
            started = perf_counter()
            if name in COMMANDS:
                run_kedro(project, "run", "--pipelines", *COMMANDS[name])
            else:
                subprocess.run([sys.executable, "-c", name], check=True)
            seconds.append(perf_counter() - started)
            print(f"{name} {seconds[-1]:.2f}", flush=True)
    shutil.rmtree(project)
    print(f"\n{processor()}, {rounds} rounds, medians\n")
    print("| | seconds |\n|---|---|")
    for name, seconds in results.items():
        print(f"| {name} | {median(seconds):.2f} |")


if __name__ == "__main__":
    main()
