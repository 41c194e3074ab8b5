"""What Kedro costs: `kedro run` beside the same training as a plain Keras script.

Whole processes, in turn and in changing order, after one that only warms up, on whole
MNIST (data/01_raw/mnist.npz) in a copy of the project. Recipe `plain`: same network,
seed, split and precision, without determinism; the script feeds the network by tensor
slices, keeps no checkpoints and writes nothing but the model. Prints seconds, peak
memory, accuracy, and the ratio of the wall times.

usage: python benchmarks/overhead.py [ROUNDS]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter

from digit_recognition.runtime import processor

from workbench import MNIST, ROOT, copy_project, report


def measure(command: list[str], folder: Path) -> tuple[list[float], str]:
    """Wall and processor seconds, peak memory in MB; and what a command printed."""
    started = perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        output.seek(0)
        text = output.read()
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{text}")
    processor_seconds = usage.ru_utime + usage.ru_stime
    return [seconds, processor_seconds, usage.ru_maxrss / 1000], text


def size(folder: Path) -> float:
    """The files below a folder in MB."""
    return (
        sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    )


def measure_kedro(command: list[str], project: Path) -> list[float]:
    """What ``measure`` gives, then fitting seconds and test accuracy."""
    measured, _ = measure(command, project)
    metrics = report(project, "metrics")
    return [*measured, metrics["fit_seconds"], metrics["test_accuracy"]]


def measure_plain(command: list[str], folder: Path) -> list[float]:
    """The same of the plain script."""
    measured, text = measure(command, folder)
    result = json.loads(text.splitlines()[-1])
    return [*measured, result["fit_seconds"], result["test_accuracy"]]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rows = {"plain Keras": [], "kedro run": []}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        copy_project(project)
        kedro = [
            *(sys.executable, "-m", "kedro", "run"),
            *(
                "--to-outputs",
                "metrics",
                "--params",
                "recipe=plain,train.deterministic=false",
            ),
        ]
        before = size(project / "data")
        measure_kedro(kedro, project)
        added = size(project / "data") - before
        plain = [
            *(sys.executable, str(ROOT / "benchmarks" / "plain_keras.py")),
            *(str(MNIST), folder),
        ]
        for number in range(rounds):
            pair = {
                "kedro run": lambda: measure_kedro(kedro, project),
                "plain Keras": lambda: measure_plain(plain, Path(folder)),
            }
            for name in sorted(pair, reverse=bool(number % 2)):
                rows[name].append(pair[name]())
                print(name, json.dumps(rows[name][-1]), flush=True)

    print(f"\n{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| | wall s | of it fitting | rest | processor s | peak MB | test accuracy |")
    print("|---|---|---|---|---|---|---|")
    for name, values in rows.items():
        wall, busy, memory, fit, accuracy = map(
            statistics.median, zip(*values, strict=True)
        )
        rest = statistics.median(row[0] - row[3] for row in values)
        print(
            f"| {name} | {wall:.1f} | {fit:.1f} | {rest:.1f} | {busy:.1f} | "
            f"{memory:.0f} | {accuracy:.4f} |"
        )
    print(f"\na kedro run adds {added:.1f} MB to data/")
    for what, column in (("wall", 0), ("processor", 1)):
        pairs = zip(rows["kedro run"], rows["plain Keras"], strict=True)
        ratios = sorted(ours[column] / theirs[column] for ours, theirs in pairs)
        print(
            f"{what} time, kedro run / plain Keras: {statistics.median(ratios):.3f} "
            f"({ratios[0]:.3f} to {ratios[-1]:.3f})"
        )


if __name__ == "__main__":
    main()
