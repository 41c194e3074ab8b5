"""Feed damaged and made-up inputs to all that reads inputs.

``python tests/faults/fuzz.py 500`` tries 500 inputs for each target. Each input must
end in a result or in a documented error, within 3 s of processor time, and the memory
must not grow by more than 1 GB. Each target runs in a process of its own, so that a
crash in a library is noticed, too. A failing input is printed by hypothesis.

To add a target, write a function that returns a strategy and a function of its values,
and list it in ``TARGETS``: the errors that it may raise are the documented ones.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import io

import numpy as np
import yaml
from faults import mutations
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
MAX_SECONDS = 3.0
MAX_GROWTH = 1_000_000_000
CHUNK = 1000
"""Number of inputs after which hypothesis starts anew, with another seed."""


class Target(NamedTuple):
    """Inputs, what reads them, and the errors that it may raise."""

    inputs: st.SearchStrategy
    read: Callable[[Any], Any]
    errors: tuple[type[BaseException], ...]


def decoding() -> Target:
    """Picture files."""
    from digit_recognition.imaging.decoding import UnreadablePicture, decode

    def read(content: bytes) -> None:
        for page in decode(io.BytesIO(content)):
            assert page.grey.dtype == np.float32
            assert 0 <= page.grey.min() <= page.grey.max() <= 1

    return Target(mutations.damaged(mutations.pictures()), read, (UnreadablePicture,))


def finding() -> Target:
    """Pages, read with a small model."""
    from digit_recognition.models.onnx_sessions import open_session
    from digit_recognition.recognition.reader import NothingToRead, load_reader

    session = open_session(_small_model(), intra_op_num_threads=1)
    reader = load_reader(session, 0.001)

    def read(page: np.ndarray) -> None:
        for line in reader.read(page):
            assert line.number.isdecimal()
            assert 0 <= line.confidence <= 1

    return Target(mutations.pages(), read, (NothingToRead,))


def npz() -> Target:
    """Files of arrays: MNIST and checkpoints."""
    from kedro.io import DatasetError

    from digit_recognition.datasets import Checkpoints, MnistDataset
    from digit_recognition.datasets.mnist_dataset import NAMES

    folder = Path(tempfile.mkdtemp())

    def read(content: bytes) -> None:
        (folder / "a.npz").write_bytes(content)
        Checkpoints(folder).load("a")
        MnistDataset(filepath=folder / "a.npz").load()

    inputs = mutations.damaged(mutations.archives())
    inputs |= mutations.archives_of_headers(NAMES)
    return Target(inputs, read, (DatasetError,))


def idx() -> Target:
    """IDX files, gzipped or not."""
    import gzip

    from digit_recognition.datasets.idx import parse_idx

    labels = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 3, 1])
    images = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 9, 9, 9, 9])
    seeds = [labels, images, gzip.compress(labels), gzip.compress(images)]
    inputs = st.tuples(mutations.damaged(seeds), st.sampled_from([1, 3]))
    inputs |= st.tuples(
        mutations.damaged([labels, images]).map(gzip.compress), st.just(3)
    )
    return Target(inputs, lambda pair: parse_idx(*pair), (ValueError,))


def onnx() -> Target:
    """Exported models: their bytes."""
    from kedro.io import DatasetError

    from digit_recognition.datasets import OnnxDataset
    from digit_recognition.errors import ProjectError
    from digit_recognition.recognition.reader import load_reader

    path = Path(tempfile.mkdtemp(), "model.onnx")

    def read(content: bytes) -> None:
        path.write_bytes(content)
        load_reader(OnnxDataset(filepath=path).load(), 0.001)

    inputs = mutations.damaged([_small_model()])
    return Target(inputs, read, (DatasetError, ProjectError))


def metadata() -> Target:
    """The metadata of an exported model."""
    from small_model import METADATA

    from digit_recognition.errors import ProjectError
    from digit_recognition.recognition.model_checks import (
        parse_temperature,
        parse_validation,
    )

    short = {"validation": '{"confidence": [1], "wrong": [false], "digit_logit": [1]}'}
    texts = [text.encode() for text in {**METADATA, **short}.values()]
    damaged = mutations.damaged(texts).map(lambda text: text.decode(errors="replace"))
    inputs = st.fixed_dictionaries({"temperature": damaged, "validation": damaged})

    def read(values: dict[str, str]) -> None:
        with contextlib.suppress(ProjectError):
            parse_temperature(values)
        parse_validation(values)

    return Target(inputs, read, (ProjectError,))


def manifests() -> Target:
    """Manifests: their bytes, with and without a correct digest of the lines."""
    from kedro.io import DatasetError

    from digit_recognition.datasets.manifest_format import END, encode
    from digit_recognition.datasets.manifests import Manifests, State, digest_files

    project = Path(tempfile.mkdtemp())
    folder = project / "data" / "06_models" / "model.keras" / "V"
    folder.mkdir(parents=True)
    (folder / "model.keras").write_bytes(b"model")
    store = Manifests(project)
    store.add(folder, digest_files(folder))
    good = store.path("V").read_bytes()
    odd = encode({"data/a\nb\\c": "0" * 64, os.fsdecode(b"data/\xff/V/d"): "f" * 64})

    def sealed(body: bytes) -> bytes:
        return body + f"{END}{hashlib.sha256(body).hexdigest()}\n".encode()

    def read(content: bytes) -> None:
        store.path("V").write_bytes(content)
        store.versions()
        store.folders("V")
        state, _ = store.examine(folder)
        assert state is not State.GOOD or store.recorded(folder) == digest_files(folder)
        encoded = encode(lines := store.read("V"))
        store.path("V").write_bytes(encoded)
        assert store.read("V") == lines

    bodies = [content[: content.index(END.encode())] for content in (good, odd)]
    inputs = mutations.damaged([good, odd])
    inputs |= mutations.damaged(bodies).map(sealed)
    return Target(inputs, read, (DatasetError,))


def parameters() -> Target:
    """Parameters of all pipelines that have a typed model."""
    from kedro.validation import ModelInstantiationError

    from digit_recognition.errors import ProjectError
    from digit_recognition.pipelines.detector.nodes import DetectorParameters
    from digit_recognition.pipelines.train.recipes import TrainParameters
    from digit_recognition.recognition.read_parameters import ReadParameters

    models: dict[str, Any] = {
        "train": TrainParameters,
        "detector": DetectorParameters,
        "read": ReadParameters,
    }
    trees = {
        name: yaml.safe_load(
            (ROOT / "conf" / "base" / f"parameters_{name}.yml").read_text()
        )[name]
        for name in models
    }
    inputs = st.one_of(
        st.tuples(st.just(name), mutations.damaged_tree(trees[name])) for name in models
    )

    def read(pair: tuple[str, Any]) -> None:
        name, tree = pair
        models[name].model_validate(tree)

    return Target(inputs, read, (ModelInstantiationError, ProjectError))


def options() -> Target:
    """Values of `kedro run --params`."""
    import click

    from digit_recognition.cli import run

    option = next(option for option in run.params if option.name == "params")
    context = click.Context(run)
    texts = [
        b"recipe=quick,seed=3",
        b"pictures=/a b/c,read.max_error=0.01",
        b"train.recipes.quick={base: plain, epochs: 2}",
    ]
    damaged = mutations.damaged(texts).map(lambda text: text.decode(errors="replace"))
    callback: Any = option.callback
    return Target(
        damaged | st.text(max_size=30),
        lambda text: callback(context, option, text),
        (click.ClickException,),
    )


TARGETS = {
    target.__name__: target
    for target in (
        *(decoding, finding, npz, idx, onnx, metadata),
        *(manifests, parameters, options),
    )
}


def _small_model() -> bytes:
    from small_model import write_model

    from digit_recognition.datasets.mnist_dataset import load_sample

    sample = load_sample()
    arrays = {name: array[::20] for name, array in sample.items()}
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder, "model.onnx"), arrays)
        return Path(folder, "model.onnx").read_bytes()


def fuzz(name: str, count: int, first_seed: int, minutes: float) -> None:
    """Try ``count`` inputs; raise AssertionError or an undocumented error."""
    target = TARGETS[name]()
    logging.disable()  # checkpoints that cannot be read are warned of
    tried, slowest, started = 0, 0.0, time.monotonic()
    base = _peak()
    size = Path("/proc/self/statm").read_text().split()[0]
    limit = int(size) * resource.getpagesize() + 4 * MAX_GROWTH
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def attempt(value: Any) -> None:
        nonlocal tried, slowest
        tried += 1
        before = time.process_time()
        try:
            target.read(value)
        except target.errors as error:
            if str(error).startswith("Failed while"):
                raise AssertionError("an error that only Kedro caught") from error
        seconds = time.process_time() - before
        slowest = max(slowest, seconds)
        assert seconds <= MAX_SECONDS, f"took {seconds:.1f} s"
        assert _peak() - base <= MAX_GROWTH, f"took {(_peak() - base) / 1e6:.0f} MB"

    for chunk_seed in _seeds(first_seed):
        if tried >= count or time.monotonic() - started > 60 * minutes:
            break
        chunk = settings(
            max_examples=min(CHUNK, count - tried),
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        seed(chunk_seed)(chunk(given(target.inputs)(attempt)))()
    growth = (_peak() - base) / 1e6
    print(
        f"{name:<10} {tried:8,} inputs, slowest {slowest:.2f} s, {growth:5.0f} MB more",
        flush=True,
    )


def _seeds(first: int) -> Iterator[int]:
    while True:
        yield first
        first += 1


def _peak() -> int:
    """Return the process' maximum resident memory, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Fuzz all targets, or those named, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=500)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1e6, help="per target")
    parser.add_argument("--here", action="store_true", help="in this process")
    chosen = parser.parse_args()
    if chosen.here:
        for name in chosen.targets:
            fuzz(name, chosen.count, chosen.seed, chosen.minutes)
        return 0
    failed = []
    for name in chosen.targets:
        command = [sys.executable, __file__, str(chosen.count), "--here"]
        command += ["--seed", str(chosen.seed), "--minutes", str(chosen.minutes)]
        done = subprocess.run(
            [*command, "--targets", name],
            check=False,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
        if done.returncode:
            failed.append(name)
            print(f"{name} failed, exit code {done.returncode}", flush=True)
    return min(1, len(failed))


if __name__ == "__main__":
    sys.exit(main())
