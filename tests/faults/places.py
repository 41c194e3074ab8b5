"""Full disks, missing permissions, vanishing files and two runs at once.

``python tests/faults/places.py`` runs commands under each fault and prints one line per
fault. A command must end with exit code 1 and one sentence, or succeed where the fault
concerns a picture only. No complete file may change, no temporary file may be left, and
the same command must succeed once the fault is gone. Full disks need the right to mount
a file system, which only root has.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.forking import Done, Forked, import_slow_packages
from faults.kill import READ, TINY, check_files, digests, leftovers, make_project

CAPABILITY_VERSION = 0x20080522
IGNORE_PERMISSIONS = 0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
RUN = ("run", "--params", TINY)


def check_refusal(done: Done) -> Iterator[str]:
    """Yield what is wrong with a command that should end with one sentence."""
    if done.code != 1:
        yield f"expected exit code 1, received {done.code}: {done.output[-300:]}"
    if "Traceback" in done.output:
        yield f"a traceback: {done.output[-600:]}"
    errors = [line for line in done.output.splitlines() if line.startswith("Error: ")]
    if len(errors) != 1 or "received" not in errors[0]:
        yield f"expected one sentence, received {errors or done.output[-300:]}"


@contextmanager
def full_disk(data: Path, free: int) -> Iterator[None]:
    """Put ``data`` on a file system with ``free`` free bytes inside the block."""
    kept = data.with_name("kept")
    data.rename(kept)
    used = sum(file.stat().st_size + 4096 for file in kept.rglob("*"))
    data.mkdir()
    size = f"size={2 * used + free}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", data], check=True)
    try:
        shutil.copytree(kept, data, dirs_exist_ok=True)
        left = shutil.disk_usage(data).free
        filler = data / "filler"
        filler.write_bytes(bytes(max(0, left - free)))
        yield
        filler.unlink(missing_ok=True)
        shutil.rmtree(kept)
        shutil.copytree(data, kept)
    finally:
        subprocess.run(["umount", data], check=True)
        data.rmdir()
        kept.rename(data)


def full_disks(project: Path, temporary: Path, count: int) -> Iterator[tuple[str, str]]:
    """Yield (fault, harm) for disks of random free space."""
    rng = random.Random(0)  # noqa: S311 (no secret)
    for number in range(count):
        command = (READ, RUN)[number % 2]
        free = rng.randrange(4_000, 60_000 if command is READ else 1_000_000)
        fault = f"{free / 1e6:.3f} MB free for {command[1]}"
        before = digests(project)
        with full_disk(project / "data", free):
            done = Forked(project, *command).wait()
            harms = [*check_refusal(done)] if done.code else []
            harms += check_files(project, "run", before)
            harms += leftovers(project, temporary)
        yield fault, "; ".join(harms)


def _obey_permissions() -> None:
    """Give up root's right to read and write files whatever their permissions are."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; low, high
    assert libc.capget(header, sets) == 0
    for place in range(3):
        sets[place] &= ~IGNORE_PERMISSIONS
    assert libc.capset(header, sets) == 0


def permissions(project: Path, temporary: Path, _: int) -> Iterator[tuple[str, str]]:
    """Yield (fault, harm) for folders and files that the user may not use."""
    model = max((project / "data/06_models/model.onnx").iterdir())
    Forked(project, *READ).wait()  # makes the folder of readings.csv
    for place, mode in (
        ("data/07_model_output", 0o555),
        ("data/07_model_output/readings.csv", 0o555),
        (f"data/06_models/model.onnx/{model.name}/model.onnx", 0o000),
        ("pictures", 0o000),
        (".", 0o555),
    ):
        path = project / place
        before, kept = digests(project), path.stat().st_mode
        path.chmod(mode)
        if place == ".":
            (project / "kedro.log").unlink(missing_ok=True)
        done = Forked(project, *READ, prepare=_obey_permissions).wait()
        path.chmod(kept)
        harms = [*check_refusal(done), *check_files(project, "read", before)]
        yield f"no permission for {place}", "; ".join(harms)
    done = Forked(project, *READ, prepare=_obey_permissions).wait()
    yield "permission again", done.output[-300:] if done.code else ""


def _remove_soon(path: Path, seconds: float) -> None:
    threading.Timer(seconds, partial(shutil.rmtree, path, ignore_errors=True)).start()


def vanishing(project: Path, temporary: Path, _: int) -> Iterator[tuple[str, str]]:
    """Yield (fault, harm) for pictures that are removed while they are read."""
    pictures = project / "pictures"
    number = (pictures / "number.png").read_bytes()
    for seconds in (0.0, 4.0, 8.0):
        pictures.mkdir(exist_ok=True)
        for place in range(200):
            (pictures / f"{place}.png").write_bytes(number)
        prepare = partial(_remove_soon, pictures, seconds)
        done = Forked(project, *READ, prepare=prepare).wait()
        harms = [*check_refusal(done)] if done.code else leftovers(project, temporary)
        yield f"pictures removed after {seconds} s", "; ".join(harms)
        pictures.mkdir(exist_ok=True)
        (pictures / "number.png").write_bytes(number)
        for place in range(200):
            (pictures / f"{place}.png").unlink(missing_ok=True)


def _same_millisecond(version: str) -> None:
    from kedro.framework.session import session

    session.generate_timestamp = lambda: version


def at_once(project: Path, temporary: Path, count: int) -> Iterator[tuple[str, str]]:
    """Yield (fault, harm) for two runs at once, half with the same version."""
    for number in range(count):
        version = f"2030-01-{number + 1:02}T00.00.00.000Z"
        prepare: Callable[[], None] | None = (
            partial(_same_millisecond, version) if number % 2 == 0 else None
        )
        before = digests(project)
        runs = [Forked(project, *READ, prepare=prepare) for _ in range(2)]
        ended = [run.wait() for run in runs]
        harms = list(check_files(project, "read", before))
        for done in ended:
            harms += check_refusal(done) if done.code else []
        if all(done.code for done in ended):
            harms.append("none of the two succeeded")
        harms += leftovers(project, temporary)
        yield f"two runs at once, {number}", "; ".join(harms)
        time.sleep(0.01)


KINDS: dict[str, Callable[[Path, Path, int], Iterator[tuple[str, str]]]] = {
    "vanishing": vanishing,
    "at-once": at_once,
    "full-disks": full_disks,
    "permissions": permissions,
}
NEED_ROOT = ("full-disks",)


def main() -> int:
    """Try all faults; return the number of those that did harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=4)
    parser.add_argument("--mnist", type=Path, help="mnist.npz to train on, all of it")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    chosen = parser.parse_args()
    import_slow_packages()
    harmful = 0
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        project = make_project(Path(folder), chosen.mnist)
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        done = Forked(project, *RUN).wait()
        if done.code:
            sys.exit(done.output)
        for kind in chosen.kinds:
            if kind in NEED_ROOT and os.geteuid() != 0:
                print(f"{kind}: left out, because it needs root")
                continue
            for fault, harm in KINDS[kind](project, temporary, chosen.count):
                print(f"{fault}: {harm or 'no harm'}", flush=True)
                harmful += bool(harm)
    print(f"{harmful} faults did harm")
    return harmful


if __name__ == "__main__":
    sys.exit(min(1, main()))
