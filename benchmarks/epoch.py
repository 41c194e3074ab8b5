"""What an epoch of `standard` costs, and what each part of it adds.

How batches reach the network (arrays handed to `fit`, a tf.data pipeline of tensor
slices, the project's, which cuts them from the arrays), then determinism, augmentation
and float32. Each way in a process of its own: seconds of the second and third epoch
(mean), peak memory. On whole MNIST (data/01_raw/mnist.npz).

usage: python benchmarks/epoch.py [ROUNDS]
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
import yaml

from digit_recognition.pipelines.train.batches import training_batches
from digit_recognition.pipelines.train.fitting import compiled
from digit_recognition.pipelines.train.recipes import TrainParameters
from digit_recognition.runtime import dtype_policy, make_deterministic, processor

ROOT = Path(__file__).parents[1]
MNIST = ROOT / "data" / "01_raw" / "mnist.npz"
WAYS = {
    "arrays": "",
    "tensor slices": "arrays",
    "cut batches": "arrays",
    "cut, deterministic": "cut batches",
    "cut, deterministic, augmented": "cut, deterministic",
    "cut, deterministic, augmented, float32": "cut, deterministic, augmented",
}
"""Each way, and the one that it is held beside."""


def epoch(way: str) -> dict[str, float]:
    """Seconds of an epoch and the process's peak memory in MB."""
    import keras
    import tensorflow as tf

    conf = ROOT / "conf" / "base" / "parameters_train.yml"
    parameters = yaml.safe_load(conf.read_text())["train"]
    recipe = TrainParameters.model_validate(parameters).recipes["standard"]
    keras.utils.set_random_seed(0)
    if "deterministic" in way:
        make_deterministic()
    with np.load(MNIST) as mnist:
        images, labels = mnist["x_train"], mnist["y_train"]
    x = np.divide(images[..., np.newaxis], 255, dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[labels]
    rows = np.arange(54_000)
    steps = -(-len(rows) // recipe.batch_size)
    if way == "arrays":
        data = {"x": x[rows], "y": y[rows], "batch_size": recipe.batch_size}
    elif way == "tensor slices":
        slices = tf.data.Dataset.from_tensor_slices((x[rows], y[rows]))
        shuffled = slices.shuffle(len(rows), seed=0).batch(recipe.batch_size)
        data = {"x": shuffled.prefetch(tf.data.AUTOTUNE)}
    else:
        cut = training_batches(
            *(x, y, rows, recipe.batch_size),
            seed=0,
            epochs=range(3),
            augmentation=recipe.augmentation if "augmented" in way else None,
        )
        data = {"x": cut, "shuffle": False, "steps_per_epoch": steps}
    precision = dtype_policy("float32" if "float32" in way else recipe.precision)
    network = recipe.network.build(precision)
    compiled(network, recipe)
    moments = []
    moment = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: moments.append(perf_counter())
    )
    network.fit(**data, epochs=3, verbose=0, callbacks=[moment])
    return {
        "seconds": (moments[-1] - moments[0]) / 2,
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
            print(way, results[way][-1], flush=True)
    print(f"\n{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| way | s an epoch | beside | ratio | peak MB |")
    print("|---|---|---|---|---|")
    for way, beside in WAYS.items():
        seconds = [result["seconds"] for result in results[way]]
        memory = statistics.median(result["memory"] for result in results[way])
        ratio = ""
        if beside:
            pairs = zip(seconds, results[beside], strict=True)
            ratios = sorted(ours / theirs["seconds"] for ours, theirs in pairs)
            ratio = (
                f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            )
        print(
            f"| {way} | {statistics.median(seconds):.1f} | {beside} | {ratio} | "
            f"{memory:.0f} |"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--epoch"]:
        print(json.dumps(epoch(sys.argv[2])))
    else:
        main()
