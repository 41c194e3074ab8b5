"""Overhead of Kedro: `kedro run` compared with the same training in plain Keras.

Both train the recipe `plain` on the whole of MNIST (data/01_raw/mnist.npz), with the
same network, seed, split and precision, and without determinism. `kedro run` uses a
copy of the project. The script plain_keras.py feeds the network with tensor slices,
keeps no checkpoints and saves only the model.

Each training runs in its own process. After one `kedro run` to warm up, the two
alternate, and each round reverses their order. The table compares time, peak memory and
accuracy.

With the argument `mlflow`, the script measures the overhead of MLflow tracking instead.
It compares `kedro run` with and without `--env mlflow`, in two cases:

- the recipe `quick` with a small detector. A longer training adds only some
  milliseconds per epoch to the overhead.
- the pipeline `compare`. It takes little time, so the difference is the start-up.

MLFLOW_TRACKING_URI may name a server; otherwise, runs are tracked in SQLite.
"""

import json
import statistics
import sys
import tempfile
from datetime import date
from pathlib import Path

from digit_recognition.runtime import processor

from common import (
    MNIST,
    ROOT,
    copy_project,
    measure_process,
    parse_arguments,
    read_report,
)


def size_in_mb(folder: Path) -> float:
    return (
        sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    )


def measure_kedro(command: list[str], project: Path) -> list[float]:
    """Run Kedro; return the costs and the accuracy.

    They are seconds, CPU seconds, peak MB, training seconds and test accuracy (0..1).
    """
    *costs, _ = measure_process(command, project)
    metrics = read_report(project, "metrics")
    return [*costs, metrics["fit_seconds"], metrics["test_accuracy"]]


def measure_plain(command: list[str], folder: Path) -> list[float]:
    """Run plain_keras.py; return the same values as ``measure_kedro``."""
    *costs, output = measure_process(command, folder)
    result = json.loads(output.splitlines()[-1])
    return [*costs, result["fit_seconds"], result["test_accuracy"]]


def measure_tracking(project: Path, rounds: int) -> None:
    """Print the time that `--env mlflow` adds to a whole run and to its start-up."""
    kedro = [sys.executable, "-m", "kedro", "run"]
    runs = {
        "kedro run": ["--params", "recipe=quick,detector.pictures=2000"],
        "start-up": ["--pipelines", "compare"],
    }
    rows: dict[str, list] = {}
    for number in range(-1, rounds):  # the first round warms up
        for name, options in runs.items():
            for env in ("base", "mlflow")[:: 1 if number % 2 else -1]:
                command = [*kedro, "--env", env, *options]
                seconds, cpu, memory, _ = measure_process(command, project)
                if number >= 0:
                    rows.setdefault(f"{name}, {env}", []).append((seconds, cpu, memory))
                    print(name, env, round(seconds, 1), round(cpu, 1), flush=True)
    print(f"\n{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| | seconds | CPU s | peak MB |\n|---|---|---|---|")
    for name, values in rows.items():
        seconds, cpu, memory = map(statistics.median, zip(*values, strict=True))
        print(f"| {name} | {seconds:.1f} | {cpu:.1f} | {memory:.0f} |")
    for name in runs:
        pairs = list(zip(rows[f"{name}, mlflow"], rows[f"{name}, base"], strict=True))
        for unit, column in (("wall", 0), ("CPU", 1)):
            added = sorted(tracked[column] - plain[column] for tracked, plain in pairs)
            print(
                f"{name}: tracking adds {statistics.median(added):.1f} s of {unit} "
                f"time ({added[0]:.1f} to {added[-1]:.1f})"
            )


def main() -> None:
    arguments = parse_arguments(__doc__, rounds=3, what="keras")
    rounds = arguments.rounds
    rows = {"plain Keras": [], "kedro run": []}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        copy_project(project)
        if arguments.what == "mlflow":
            measure_tracking(project, rounds)
            return
        kedro = [
            *(sys.executable, "-m", "kedro", "run"),
            *("--to-outputs", "metrics"),
            *("--params", "recipe=plain,train.deterministic=false"),
        ]
        before = size_in_mb(project / "data")
        measure_kedro(kedro, project)
        added = size_in_mb(project / "data") - before
        plain = [
            *(sys.executable, str(ROOT / "benchmarks" / "plain_keras.py")),
            *(str(MNIST), folder),
        ]
        for number in range(rounds):
            measurements = {
                "kedro run": lambda: measure_kedro(kedro, project),
                "plain Keras": lambda: measure_plain(plain, Path(folder)),
            }
            for name in sorted(measurements, reverse=bool(number % 2)):
                rows[name].append(measurements[name]())
                print(name, json.dumps(rows[name][-1]), flush=True)

    print(f"\n{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| | seconds | training s | other s | CPU s | peak MB | test accuracy |")
    print("|---|---|---|---|---|---|---|")
    for name, values in rows.items():
        seconds, cpu, memory, training, accuracy = map(
            statistics.median, zip(*values, strict=True)
        )
        other = statistics.median(row[0] - row[3] for row in values)
        print(
            f"| {name} | {seconds:.1f} | {training:.1f} | {other:.1f} | {cpu:.1f} | "
            f"{memory:.0f} | {accuracy:.4f} |"
        )
    print(f"\nOne kedro run adds {added:.1f} MB to data/")
    for name, column in (("wall", 0), ("CPU", 1)):
        pairs = zip(rows["kedro run"], rows["plain Keras"], strict=True)
        ratios = sorted(ours[column] / theirs[column] for ours, theirs in pairs)
        print(
            f"{name} time, kedro run / plain Keras: {statistics.median(ratios):.3f} "
            f"({ratios[0]:.3f} to {ratios[-1]:.3f})"
        )


if __name__ == "__main__":
    main()
