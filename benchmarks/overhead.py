"""What Kedro costs: `kedro run` beside the same training as a plain Keras script.

Whole processes, in turn, on whole MNIST (data/01_raw/mnist.npz) in a copy of the
project. Prints seconds, peak memory, what each adds to the disk, and their ratios.

usage: python benchmarks/overhead.py [ROUNDS]
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter

from digit_recognition.hooks.lineage import processor

ROOT = Path(__file__).parents[1]
MNIST = ROOT / "data" / "01_raw" / "mnist.npz"


def measure(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Wall seconds, peak memory in MB and standard output of a command."""
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
    return seconds, usage.ru_maxrss / 1000, text


def size(folder: Path) -> float:
    """The files below a folder in MB."""
    return (
        sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    )


def newest(folder: Path, path: str) -> dict:
    version = max((folder / "data" / path).iterdir())
    return json.loads((version / Path(path).name).read_text())


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rows = {"plain Keras": [], "kedro run": []}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        for name in ("conf", "src"):
            shutil.copytree(ROOT / name, project / name)
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(ROOT / name, project)
        (project / "data" / "01_raw").mkdir(parents=True)
        shutil.copy(MNIST, project / "data" / "01_raw")
        kedro = [sys.executable, "-m", "kedro", "run", "--to-outputs", "metrics"]
        for _ in range(rounds):
            before = size(project / "data")
            seconds, memory, _ = measure(kedro, project)
            added = size(project / "data") - before
            metrics = newest(project, "08_reporting/metrics.json")
            fit, accuracy = metrics["fit_seconds"], metrics["test_accuracy"]
            rows["kedro run"].append((seconds, fit, memory, added, accuracy))
            recipe = Path(folder) / "recipe.json"
            recipe.write_text(json.dumps(newest(project, "08_reporting/training.json")))
            plain = [sys.executable, str(ROOT / "benchmarks" / "plain_keras.py")]
            seconds, memory, text = measure(
                [*plain, str(MNIST), str(recipe), folder], Path(folder)
            )
            result = json.loads(text.splitlines()[-1])
            added = (Path(folder) / "model.keras").stat().st_size / 1e6
            fit, accuracy = result["fit_seconds"], result["test_accuracy"]
            rows["plain Keras"].append((seconds, fit, memory, added, accuracy))
            print(json.dumps({name: row[-1] for name, row in rows.items()}), flush=True)

    print(f"\n{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| | wall s | fitting s | other s | peak MB | disk MB | test accuracy |")
    print("|---|---|---|---|---|---|---|")
    for name, values in rows.items():
        wall, fit, memory, disk, accuracy = map(
            statistics.median, zip(*values, strict=True)
        )
        other = statistics.median(row[0] - row[1] for row in values)
        print(
            f"| {name} | {wall:.1f} | {fit:.1f} | {other:.1f} | {memory:.0f} | "
            f"{disk:.1f} | {accuracy:.4f} |"
        )
    ratios = sorted(
        ours[0] / theirs[0]
        for ours, theirs in zip(rows["kedro run"], rows["plain Keras"], strict=True)
    )
    print(
        f"\nwall time, kedro run / plain Keras: {statistics.median(ratios):.3f} "
        f"({ratios[0]:.3f} to {ratios[-1]:.3f})"
    )


if __name__ == "__main__":
    main()
