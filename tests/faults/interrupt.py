"""Press Ctrl-C at random moments of a command, from its first import on.

``python tests/faults/interrupt.py 60`` starts ``kedro run`` 60 times in processes of
their own and sends SIGINT once to each. The command must end with exit code 130 (or
with SIGINT, during imports) and one line, or it must have ended before. Nothing
temporary may be left. Before the project's own code is imported, which takes about a
second, Kedro and Python print a traceback of their own; such moments are counted apart.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.kill import READ, TINY, leftovers, make_project
from small_model import MODEL_VERSION, write_model

TRAIN = ("run", "--pipelines", "prepare,train", "--params", TINY)


def press(project: Path, command: tuple[str, ...], seconds: float) -> tuple[int, str]:
    """Return the exit code and stderr of a command that gets SIGINT after a time."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "-m", "kedro", *command],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    return process.returncode, errors


def judge(code: int, errors: str) -> str:
    """Return what happened: stopped, ended, before the project's code, or a fault."""
    if "Traceback" in errors:
        return "fault" if "digit_recognition" in errors else "before the project's code"
    stopped = [line for line in errors.splitlines() if line.startswith("Stopped")]
    if code in (130, -signal.SIGINT):
        return "stopped" if len(stopped) <= 1 else "fault"
    return "ended" if code == 0 and not stopped else "fault"


def put_model(project: Path) -> None:
    """Put a small exported model into the project, for pictures to be read with."""
    from digit_recognition.datasets.mnist_dataset import load_sample

    path = project / "data" / "06_models" / "model.onnx" / MODEL_VERSION / "model.onnx"
    path.parent.mkdir(parents=True)
    write_model(path, {name: array[::20] for name, array in load_sample().items()})


def main() -> int:
    """Press Ctrl-C as often as asked; return the number of faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("moments", type=int, nargs="?", default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mnist", type=Path, help="mnist.npz to train on, all of it")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after these")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 (no secret)
    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        project = make_project(Path(folder), options.mnist)
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        seconds = {}
        put_model(project)
        for command in (TRAIN, READ):
            before = time.monotonic()
            code, errors = press(project, command, 600)
            if code:
                sys.exit(errors)
            seconds[command] = time.monotonic() - before
        for number in range(options.moments):
            if time.monotonic() - started > 60 * options.minutes:
                break
            command = (TRAIN, READ)[number % 2]
            moment = rng.uniform(0, seconds[command])
            code, errors = press(project, command, moment)
            outcome = judge(code, errors)
            if left := leftovers(project, temporary):
                outcome, errors = "fault", f"left behind: {left}"
            outcomes[outcome] += 1
            harm = errors[-500:] if outcome == "fault" else ""
            print(f"{moment:.2f} s of {command[2]}: {outcome} {harm}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    return outcomes["fault"]


if __name__ == "__main__":
    sys.exit(min(1, main()))
