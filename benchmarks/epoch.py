"""Seconds per epoch and peak memory of the recipe `standard`, in several variants.

The first three variants differ in how batches reach the network: as NumPy arrays, from
tf.data with tensor slices, and from the project's `training_batches`. The other
variants add determinism, then augmentation, then float32. Each variant trains in its
own process, for three epochs, on 54,000 of MNIST's training images
(data/01_raw/mnist.npz). The seconds are the mean of the second and third epoch.
"""

import json
import resource
import statistics
import subprocess
import sys
from datetime import date
from time import perf_counter

import numpy as np
import yaml

from digit_recognition.pipelines.train.batches import training_batches
from digit_recognition.pipelines.train.fitting import compile_network
from digit_recognition.pipelines.train.recipes import TrainParameters
from digit_recognition.runtime import dtype_policy, make_deterministic, processor

from common import MNIST, ROOT, parse_arguments

BATCHES = "training_batches"
VARIANTS = {
    "arrays": "",
    "tensor slices": "arrays",
    BATCHES: "arrays",
    f"{BATCHES}, deterministic": BATCHES,
    f"{BATCHES}, deterministic, augmented": f"{BATCHES}, deterministic",
    f"{BATCHES}, deterministic, augmented, float32": (
        f"{BATCHES}, deterministic, augmented"
    ),
}
"""Maps each variant to the variant that it is compared with, or to empty text."""


def run_variant(variant: str) -> dict[str, float]:
    """Train a variant for three epochs.

    Returns ``seconds``, the mean of the second and third epoch, and ``memory``, the
    peak memory in MB.
    """
    import keras
    import tensorflow as tf

    conf = ROOT / "conf" / "base" / "parameters_train.yml"
    parameters = yaml.safe_load(conf.read_text())["train"]
    recipe = TrainParameters.model_validate(parameters).recipes["standard"]
    keras.utils.set_random_seed(0)
    if "deterministic" in variant:
        make_deterministic()
    with np.load(MNIST) as mnist:
        images, labels = mnist["x_train"], mnist["y_train"]
    x = np.divide(images[..., np.newaxis], 255, dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[labels]
    rows = np.arange(54_000)
    steps = -(-len(rows) // recipe.batch_size)
    if variant == "arrays":
        data = {"x": x[rows], "y": y[rows], "batch_size": recipe.batch_size}
    elif variant == "tensor slices":
        slices = tf.data.Dataset.from_tensor_slices((x[rows], y[rows]))
        shuffled = slices.shuffle(len(rows), seed=0).batch(recipe.batch_size)
        data = {"x": shuffled.prefetch(tf.data.AUTOTUNE)}
    else:
        batches = training_batches(
            *(x, y, rows, recipe.batch_size),
            seed=0,
            epochs=range(3),
            augmentation=recipe.augmentation if "augmented" in variant else None,
        )
        data = {"x": batches, "shuffle": False, "steps_per_epoch": steps}
    precision = dtype_policy("float32" if "float32" in variant else recipe.precision)
    network = recipe.network.build(precision)
    compile_network(network, recipe)
    epoch_ends = []
    timer = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: epoch_ends.append(perf_counter())
    )
    network.fit(**data, epochs=3, verbose=0, callbacks=[timer])
    return {
        "seconds": (epoch_ends[-1] - epoch_ends[0]) / 2,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


def main() -> None:
    rounds = parse_arguments(__doc__, rounds=3).rounds
    results = {variant: [] for variant in VARIANTS}
    for _ in range(rounds):
        for variant in VARIANTS:
            output = subprocess.run(
                [sys.executable, __file__, "--variant", variant],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            results[variant].append(json.loads(output.splitlines()[-1]))
            print(variant, results[variant][-1], flush=True)
    print(f"\n{processor()}, {date.today()}, median of {rounds} rounds\n")
    print("| variant | seconds per epoch | compared with | ratio | peak MB |")
    print("|---|---|---|---|---|")
    for variant, other in VARIANTS.items():
        seconds = [result["seconds"] for result in results[variant]]
        memory = statistics.median(result["memory"] for result in results[variant])
        ratio = ""
        if other:
            pairs = zip(seconds, results[other], strict=True)
            ratios = sorted(ours / theirs["seconds"] for ours, theirs in pairs)
            ratio = (
                f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            )
        print(
            f"| {variant} | {statistics.median(seconds):.1f} | {other} | {ratio} | "
            f"{memory:.0f} |"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--variant"]:
        print(json.dumps(run_variant(sys.argv[2])))
    else:
        main()
