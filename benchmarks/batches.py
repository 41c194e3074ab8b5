"""How batches reach the network: seconds an epoch and memory, each way in a process.

Ways: arrays handed to `fit`, a tf.data pipeline of tensor slices, and the project's,
which cuts each batch from the arrays. On whole MNIST (data/01_raw/mnist.npz).

usage: python benchmarks/batches.py [ROUNDS]
"""

import json
import resource
import statistics
import subprocess
import sys
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np

from digit_recognition.machine import processor
from digit_recognition.networks import build_cnn
from digit_recognition.pipelines.train.fitting import batches

MNIST = Path(__file__).parents[1] / "data" / "01_raw" / "mnist.npz"
WAYS = ("arrays", "tensor slices", "cut batches")
BATCH_SIZE = 64


def epoch(way: str) -> dict[str, float]:
    """Seconds of the second epoch and the process's peak memory in MB."""
    import tensorflow as tf

    with np.load(MNIST) as mnist:
        images, labels = mnist["x_train"], mnist["y_train"]
    x = np.divide(images[..., np.newaxis], 255, dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[labels]
    rows = np.arange(54_000)
    if way == "arrays":
        data = {"x": x[rows], "y": y[rows], "batch_size": BATCH_SIZE}
    elif way == "tensor slices":
        slices = tf.data.Dataset.from_tensor_slices((x[rows], y[rows]))
        shuffled = slices.shuffle(len(rows), seed=0).batch(BATCH_SIZE)
        data = {"x": shuffled.prefetch(tf.data.AUTOTUNE)}
    else:
        data = {"x": batches(x, y, rows, BATCH_SIZE, seed=0), "shuffle": False}
    network = build_cnn()
    network.compile("adam", "categorical_crossentropy")
    network.fit(**data, verbose=0)
    started = perf_counter()
    network.fit(**data, verbose=0)
    return {
        "seconds": perf_counter() - started,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    results = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            output = subprocess.run(
                [sys.executable, __file__, "--epoch", way],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            results[way].append(json.loads(output.splitlines()[-1]))
    print(f"{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| way | s an epoch | ratio | peak MB |")
    print("|---|---|---|---|")
    first = statistics.median(result["seconds"] for result in results[WAYS[0]])
    for way, measured in results.items():
        seconds = statistics.median(result["seconds"] for result in measured)
        memory = statistics.median(result["memory"] for result in measured)
        print(f"| {way} | {seconds:.1f} | {seconds / first:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--epoch"]:
        print(json.dumps(epoch(sys.argv[2])))
    else:
        main()
