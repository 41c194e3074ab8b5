"""What reading costs: beside `import tensorflow`, for each picture, in memory.

`kedro run --pipeline read`, as a process of its own, with the newest exported model, on
folders of pictures that are made of MNIST's training images: one digit each, dark on a
light page of 56x56 pixels. Rounds of all, one after the other.

usage: python benchmarks/reading.py [ROUNDS [MANY]]
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from digit_recognition.runtime import processor

from workbench import MNIST, ROOT

FEW = 100
MEASURED = (
    "import resource, subprocess, sys, time; started = time.perf_counter(); "
    "subprocess.run(sys.argv[1:], check=True, capture_output=True); "
    "print(time.perf_counter() - started, "
    "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def draw(folder: Path, count: int) -> Path:
    """So many pictures of digits, in a folder of their own."""
    with np.load(MNIST) as mnist:
        images = mnist["x_train"][:count]
    path = folder / str(count)
    path.mkdir()
    for number, image in enumerate(images):
        page = np.full((56, 56), 230, np.uint8)
        page[14:42, 14:42] -= (image * 0.8).astype(np.uint8)
        Image.fromarray(page).save(path / f"{number}.png")
    return path


def measure(*command: str) -> tuple[float, float]:
    """Seconds, and MB at the peak, of a command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds, kilobytes / 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    run = (sys.executable, "-m", "kedro", "run", "--pipeline", "read", "--params")
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "import tensorflow": (sys.executable, "-c", "import tensorflow"),
            **{
                f"read {count:,}": (*run, f"pictures={draw(Path(folder), count)}")
                for count in (FEW, many)
            },
        }
        taken = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                taken[name].append(measure(*command))
                print(name, *(f"{value:.2f}" for value in taken[name][-1]), flush=True)
    tensorflow, few, all_ = ([seconds for seconds, _ in t] for t in taken.values())
    beyond = [
        (many - FEW) / (more - less) for less, more in zip(few, all_, strict=True)
    ]
    shares = [read / imported for imported, read in zip(tensorflow, few, strict=True)]
    print(f"\n{processor()}, {rounds} rounds, medians\n")
    print("| | seconds | MB at the peak |\n|---|---|---|")
    for name, rows in taken.items():
        seconds, megabytes = (median(column) for column in zip(*rows, strict=True))
        print(f"| {name} | {seconds:.2f} | {megabytes:.0f} |")
    print(
        f"\nread {FEW}: {median(shares):.2f} of import tensorflow; beyond start-up "
        f"{median(beyond):.0f} pictures a second"
    )


if __name__ == "__main__":
    main()
