"""Overhead of Kedro: `kedro run` compared with the same training in plain Keras.

Both use the recipe `plain`: the same network, seed, split and precision, without
determinism. The script plain_keras.py feeds the network with tensor slices, keeps no
checkpoints and writes only the model. Both use the whole of MNIST
(data/01_raw/mnist.npz), each in a process of its own; `kedro run` uses a copy of the
project. After one `kedro run` to warm up, the two alternate, and each round reverses
their order. The table compares time, peak memory and accuracy.

With the argument `mlflow`, the script measures the overhead of tracking instead: it
compares `kedro run` with and without `--env mlflow`, with the recipe `quick` and a
small detector. Tracking costs the same for longer trainings, apart from some
milliseconds per epoch. It also compares runs of `compare`, which takes little time, so
the difference is the start-up.
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
    """Return seconds, CPU seconds, peak MB, training seconds and test accuracy."""
    *costs, _ = measure_process(command, project)
    metrics = read_report(project, "metrics")
    return [*costs, metrics["fit_seconds"], metrics["test_accuracy"]]


def measure_plain(command: list[str], folder: Path) -> list[float]:
    """Return the same values as ``measure_kedro``, for the script plain_keras.py."""
    *costs, output = measure_process(command, folder)
    result = json.loads(output.splitlines()[-1])
    return [*costs, result["fit_seconds"], result["test_accuracy"]]


def measure_tracking(project: Path, rounds: int) -> None:
    """Print what `--env mlflow` adds to a whole run, and to the start of a run."""
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
