"""What reports cost: those of `evaluate`, `explain`, `compare` over 10,000 versions.

Each is a process of its own, on a model of the recipe `quick` and all of MNIST, in a
copy of the project in data/benchmarks. Rounds of all, one after the other.

usage: python benchmarks/reports.py [ROUNDS]
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from digit_recognition.runtime import processor

from workbench import FOLDER, copy_project, kedro, newest

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
    kedro(project, "run", "--pipelines", pipelines, "--params", "recipe=quick")


def fill(project: Path) -> None:
    """Copies of the newest metrics as older versions."""
    written = newest(project, METRICS)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(VERSIONS):
        version = f"{start + timedelta(minutes=number):%Y-%m-%dT%H.%M.%S}.000Z"
        folder = project / "data" / METRICS / version
        folder.mkdir(exist_ok=True)
        shutil.copy(written, folder)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    project = FOLDER / "reports"
    train(project)
    fill(project)
    taken: dict[str, list[float]] = {"import tensorflow": []} | {
        name: [] for name in COMMANDS
    }
    for _ in range(rounds):
        for name, seconds in taken.items():
            started = perf_counter()
            if name in COMMANDS:
                kedro(project, "run", "--pipelines", *COMMANDS[name])
            else:
                subprocess.run([sys.executable, "-c", name], check=True)
            seconds.append(perf_counter() - started)
            print(f"{name} {seconds[-1]:.2f}", flush=True)
    shutil.rmtree(project)
    print(f"\n{processor()}, {rounds} rounds, medians\n")
    print("| | seconds |\n|---|---|")
    for name, seconds in taken.items():
        print(f"| {name} | {median(seconds):.2f} |")


if __name__ == "__main__":
    main()
