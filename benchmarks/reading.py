"""Seconds and peak memory of the process `kedro run --pipelines read`.

The newest exported model reads a folder of 100 pictures, and then a folder of as many
as the argument `pictures` says. Each picture shows one of MNIST's training images, dark
on a light page of 56x56 pixels. A process that only imports TensorFlow is measured for
comparison. Each round runs all three processes.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from digit_recognition.runtime import processor

from common import MNIST, ROOT, measure_process, parse_arguments

SMALL = 100  # pictures in the small folder


def draw_pictures(folder: Path, count: int) -> Path:
    """Save ``count`` pictures of digits as PNG in a new subfolder of ``folder``.

    Returns the path of the subfolder.
    """
    with np.load(MNIST) as mnist:
        images = mnist["x_train"][:count]
    path = folder / str(count)
    path.mkdir()
    for number, image in enumerate(images):
        page = np.full((56, 56), 230, np.uint8)
        page[14:42, 14:42] -= (image * 0.8).astype(np.uint8)
        Image.fromarray(page).save(path / f"{number}.png")
    return path


def main() -> None:
    arguments = parse_arguments(__doc__, rounds=3, pictures=2000)
    rounds, large = arguments.rounds, arguments.pictures
    run = [sys.executable, "-m", "kedro", "run", "--pipelines", "read", "--params"]
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "import tensorflow": [sys.executable, "-c", "import tensorflow"],
            **{
                f"read {count:,}": [
                    *run,
                    f"pictures={draw_pictures(Path(folder), count)}",
                ]
                for count in (SMALL, large)
            },
        }
        results = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                result = measure_process(command, ROOT)
                results[name].append((result.seconds, result.peak_mb))
                print(f"{name} {result.seconds:.2f} {result.peak_mb:.2f}", flush=True)
    tensorflow_seconds, small_seconds, large_seconds = (
        [seconds for seconds, _ in rows] for rows in results.values()
    )
    rates = [
        (large - SMALL) / (longer - shorter)
        for shorter, longer in zip(small_seconds, large_seconds, strict=True)
    ]
    ratios = [
        read / imported
        for imported, read in zip(tensorflow_seconds, small_seconds, strict=True)
    ]
    print(f"\n{processor()}, {rounds} rounds, medians\n")
    print("| | seconds | peak MB |\n|---|---|---|")
    for name, rows in results.items():
        seconds, megabytes = (median(column) for column in zip(*rows, strict=True))
        print(f"| {name} | {seconds:.2f} | {megabytes:.0f} |")
    print(
        f"\nread {SMALL} takes {median(ratios):.2f} of the time of import tensorflow; "
        f"after start-up, {median(rates):.0f} pictures per second are read"
    )


if __name__ == "__main__":
    main()
