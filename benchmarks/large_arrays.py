"""Peak memory and processor time of `prepare` and `train` on larger copies of MNIST.

A factor of 1 is MNIST itself, loaded into memory. A factor of 10 means 600,000 training
images: ten copies of each of MNIST's, changed by random rotations, shifts, zooms and
shears. These copies are Zarr arrays, so they stay on the disk. Each pipeline runs in
its own process. The network is small (see RECIPE), so that loading and shuffling the
images, not TensorFlow's kernels, determine time and memory.
"""

import json
import shutil
import sys
from datetime import date

import numpy as np
import pandas as pd
import zarr

from digit_recognition.runtime import processor

from common import (
    FOLDER,
    MNIST,
    copy_project,
    measure_process,
    newest_version,
    parse_arguments,
)

CHUNK = 2000
RECIPE = (
    "recipe=quick,train.recipes.quick.epochs=1,train.recipes.quick.augmentation=null,"
    "train.recipes.quick.network.filters=[[4]],train.recipes.quick.precision=float32,"
    "train.recipes.quick.network.dense_units=8"
)


def write_copies(factor: int) -> None:
    """Replace MNIST in the benchmark's project by ``factor`` changed copies, as Zarr.

    The test images do not change.
    """
    import tensorflow as tf

    from digit_recognition.pipelines.train.augmentation import Augmentation, augment

    limits = Augmentation(rotation=10.0, shift=2.0, zoom=0.1, shear=0.1)
    raw = FOLDER / "project" / "data" / "01_raw"
    with np.load(MNIST) as file:
        arrays = {name: file[name] for name in file.files}
    (raw / MNIST.name).unlink()
    count = len(arrays["x_train"])
    images = zarr.create_array(
        raw / "x_train.zarr",
        shape=(factor * count, 28, 28),
        dtype="uint8",
        chunks=(CHUNK, 28, 28),
    )
    for start in range(0, factor * count, CHUNK):
        rows = np.arange(start, start + CHUNK) % count
        chosen = tf.constant(arrays["x_train"][rows, ..., None], tf.float32)
        changed = augment(chosen, tf.constant([0, start], tf.int64), limits)
        images[start : start + CHUNK] = np.rint(changed[..., 0]).astype(np.uint8)
    arrays["y_train"] = np.tile(arrays["y_train"], factor)
    for name in ("y_train", "x_test", "y_test"):
        zarr.create_array(raw / f"{name}.zarr", data=arrays[name])


def main() -> None:
    factors = parse_arguments(__doc__, factors=["1", "10"]).factors
    project = FOLDER / "project"
    print(f"\n{processor()}, {date.today()}\n", flush=True)
    print(
        "| training images | prepare, processor s | prepare, peak MB | "
        "train, processor s | train, peak MB | validation accuracy, % |"
    )
    print("|---|---|---|---|---|---|")
    for factor in map(int, factors):
        shutil.rmtree(project, ignore_errors=True)
        copy_project(project)
        if factor > 1:
            write_copies(factor)
        command = [sys.executable, "-m", "kedro", "run", "--pipelines"]
        prepare = measure_process([*command, "prepare"], project)
        train = measure_process([*command, "train", "--params", RECIPE], project)
        info = newest_version(project, "05_model_input/dataset_info.json")
        images = json.loads(info.read_text())["train_images"]
        history = pd.read_csv(newest_version(project, "08_reporting/history.csv"))
        print(
            f"| {images:,} | {prepare.cpu_seconds:.0f} | {prepare.peak_mb:.0f} | "
            f"{train.cpu_seconds:.0f} | {train.peak_mb:.0f} | "
            f"{100 * history['val_accuracy'].iloc[-1]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
