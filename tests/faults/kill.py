"""Kill commands at random moments, half of them inside saves; check what is left.

``python tests/faults/kill.py 200`` kills ``kedro run``, ``read``, ``export`` and
``prune`` 200 times in all, and prints a line per kill, then a table.
The commands train one epoch on 400 digits. After each kill it is checked that

- no file that was complete before has changed (``prune`` may remove whole datasets);
- the next command succeeds and uses the newest complete version;
- no temporary file or folder is left after this command.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from conftest import Project
from faults.forking import Done, Forked, import_slow_packages
from PIL import Image

TINY = (
    "train.recipes.quick.epochs=1,recipe=quick,detector.pictures=1000,detector.epochs=1"
)
SCORE = ("run", "--pipelines", "evaluate", "--to-outputs", "metrics")
READ = ("run", "--pipelines", "read", "--params", "pictures=pictures")
COMMANDS = {  # the command to kill, and the command that must succeed afterwards
    "run": (("run", "--params", TINY), SCORE),
    "read": (READ, READ),
    "export": (("run", "--pipelines", "export"), READ),
    "prune": (("prune", "--keep", "1", "--yes"), SCORE),
}
OLD_VERSIONS = ("2020-01-01T00.00.00.000Z", "2020-01-02T00.00.00.000Z")
LEFTOVERS = (".saving-*", ".digit-recognition-*", "*.partial", "__autograph*")
MODEL = ("06_models/model.keras", "08_reporting/training.json")
PREDICTIONS = "07_model_output/validation_predictions.csv"


class Killer:
    """Prepares a process to die inside its ``number``-th save.

    It dies just before or just after the rename that publishes the save, or up to 20 ms
    after the temporary folder was made.
    """

    def __init__(self, number: int, rng: random.Random):
        self.number = number
        self.moment = rng.choice(["before rename", "after rename", "delay"])
        self.delay = 10 ** rng.uniform(-4, -1.7)

    def __call__(self) -> None:
        from digit_recognition.datasets import atomic

        make, saves = atomic._make_locked_folder, Counter()

        def counted(*arguments: Any) -> Any:
            made = make(*arguments)
            saves["made"] += 1
            if saves["made"] == self.number:
                self._arm()
            return made

        atomic._make_locked_folder = counted

    def _arm(self) -> None:
        if self.moment == "delay":
            threading.Timer(self.delay, _die).start()
            return
        for name in ("rename", "replace"):
            self._die_at(name)

    def _die_at(self, name: str) -> None:
        original = getattr(Path, name)

        def rename(path: Path, target: Path) -> Path:
            if self.moment == "before rename":
                _die()
            original(path, target)
            return _die()

        setattr(Path, name, rename)


def _die() -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def count_saves(project: Path, command: tuple[str, ...]) -> tuple[int, float]:
    """Run a command undisturbed; return its number of saves and its seconds."""
    report = project / "saves"

    def prepare() -> None:
        from digit_recognition.datasets import atomic

        make = atomic._make_locked_folder

        def counted(*arguments: Any) -> Any:
            with report.open("a") as file:
                file.write("x")
            return make(*arguments)

        atomic._make_locked_folder = counted

    started = time.perf_counter()
    done = Forked(project, *command, prepare=prepare).wait()
    seconds = time.perf_counter() - started
    if done.code:
        sys.exit(f"{' '.join(command)} failed undisturbed:\n{done.output}")
    count = len(report.read_text())
    report.unlink()
    return count, seconds


def digests(project: Path) -> dict[str, str]:
    """Return the digest of each file below ``data``, by its path."""
    return {
        str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _results(project)
    }


def _results(project: Path) -> Iterator[Path]:
    for path in (project / "data").glob("*/*/*Z/**/*"):
        if path.is_file() and ".saving-" not in str(path):
            yield path


def leftovers(project: Path, temporary: Path) -> list[str]:
    """Return the temporary files and folders that are left."""
    return [
        path.name
        for folder in (project, temporary)
        for pattern in LEFTOVERS
        for path in folder.rglob(pattern)
    ]


def newest_complete(project: Path) -> str:
    """Return the newest version of a model with its record and its predictions."""
    versions = [
        {path.name for path in (project / "data" / name).iterdir()}
        for name in (*MODEL, PREDICTIONS)
    ]
    return max(set.intersection(*versions))


def put_old_versions(project: Path) -> None:
    """Copy the newest complete version to two older ones, for ``prune`` to remove."""
    newest = newest_complete(project)
    for folder in (project / "data").glob(f"*/*/{newest}"):
        for version in OLD_VERSIONS:
            shutil.copytree(folder, folder.with_name(version), dirs_exist_ok=True)


def check_files(project: Path, name: str, before: dict[str, str]) -> Iterator[str]:
    """Yield the harm that a kill did to complete files."""
    after = digests(project)
    for path, digest in before.items():
        if path in after and after[path] != digest:
            yield f"changed: {path}"
        if path not in after and name != "prune":
            yield f"removed: {path}"
        dataset = project / Path(*Path(path).parts[:4])
        if path not in after and dataset.exists():
            yield f"half removed: {dataset.name}"


def check_next(
    project: Path, temporary: Path, follow: tuple[str, ...]
) -> Iterator[str]:
    """Run the next command, and yield what is wrong with its results."""
    expected = newest_complete(project)
    done: Done = Forked(project, *follow).wait()
    if done.code:
        yield f"the next command failed: {done.output.strip()[-300:]}"
        return
    if follow is SCORE:
        metrics = max((project / "data/08_reporting/metrics.json").iterdir())
        used = json.loads((metrics / "metrics.json").read_text())["model_version"]
        if used != expected:
            yield f"evaluated the model {used} in place of {expected}"
    else:
        table = (project / "data/07_model_output/newest_readings.csv").read_text()
        if len(table.splitlines()) < len(("header", "number")):
            yield "read nothing"
    if found := leftovers(project, temporary):
        yield f"left behind: {', '.join(found)}"


def make_project(folder: Path, mnist: Path | None = None) -> Path:
    """Return a project with digits to train on, and a picture to read.

    The digits are those of the file ``mnist``, or a tenth of the sample.
    """
    from digit_recognition.datasets.mnist_dataset import load_sample

    if mnist is None:
        arrays = {name: array[::10] for name, array in load_sample().items()}
    else:
        with np.load(mnist) as file:
            arrays = dict(file)
    project = Project(folder / "project")
    project.put(arrays)
    (project.folder / "conf" / "local").mkdir(exist_ok=True)
    page = np.full((60, 200), 255, np.uint8)
    for place, image in enumerate(arrays["x_test"][::20][:5]):
        page[16:44, 20 + 34 * place : 48 + 34 * place] -= image
    (project.folder / "pictures").mkdir()
    Image.fromarray(page).save(project.folder / "pictures" / "number.png")
    return project.folder


def main() -> int:
    """Kill as often as asked; return the number of kills that did harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after these")
    parser.add_argument("--mnist", type=Path, help="mnist.npz to train on, all of it")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 (no secret)
    started = time.monotonic()
    import_slow_packages()
    harmful = 0
    killed: Counter[str] = Counter()
    in_saves: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        project = make_project(Path(folder), options.mnist)
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        saves, seconds = {}, {}
        for name, (command, _) in COMMANDS.items():
            if name == "prune":
                put_old_versions(project)
            saves[name], seconds[name] = count_saves(project, command)
        names = list(COMMANDS)
        print(f"undisturbed: saves {saves}, seconds {seconds}", flush=True)
        for number in range(options.kills):
            if time.monotonic() - started > 60 * options.minutes:
                break
            name = names[number % len(names)]
            command, follow = COMMANDS[name]
            if name == "prune":
                put_old_versions(project)
            before = digests(project)
            inside = (number // len(names)) % 2 == 0
            killer = Killer(rng.randint(2, saves[name]), rng) if inside else None
            process = Forked(project, *command, prepare=killer)
            if killer is None:
                process.kill_after(rng.uniform(0, seconds[name]))
            done = process.wait()
            if done.code == -signal.SIGKILL:
                killed[name] += 1
                in_saves[name] += bool(list((project / "data").rglob(".saving-*")))
            harms = [
                *check_files(project, name, before),
                *check_next(project, temporary, follow),
            ]
            harmful += bool(harms)
            how = f"save {killer.number}, {killer.moment}" if killer else "any moment"
            print(f"kill {number} of {name} ({how}): {harms or 'no harm'}", flush=True)
            if number % 10 == 9:
                _forget_old(project)
    print(f"{'command':<8} {'kills':>6} {'inside a save':>14}")
    for name in COMMANDS:
        print(f"{name:<8} {killed[name]:6} {in_saves[name]:14}")
    print(f"{sum(killed.values())} kills, {harmful} did harm")
    return harmful


def _forget_old(project: Path) -> None:
    """Keep the newest three versions, so that the project stays small."""
    done = Forked(project, "prune", "--keep", "3", "--yes").wait()
    if done.code:
        sys.exit(done.output)


if __name__ == "__main__":
    sys.exit(min(1, main()))
