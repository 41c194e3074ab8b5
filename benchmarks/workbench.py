"""Trainings of whole MNIST for the benchmarks, each done once and remembered.

They run in a copy of the project in data/benchmarks, so that the models one uses stay
the newest. A benchmark that was stopped goes on with the training that it was in. What
was measured with other code or parameters is not taken again.
"""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from digit_recognition.corruptions import MNIST_C, corrupt
from digit_recognition.runtime import processor

ROOT = Path(__file__).parents[1]
MNIST = ROOT / "data" / "01_raw" / "mnist.npz"
FOLDER = ROOT / "data" / "benchmarks"
SOURCES = ("conf/base", "src", "pyproject.toml")
TRAINED = ("epochs", "fit_seconds", "precision", "deterministic", "model_digest")
TESTED = (
    *("test_accuracy", "test_accuracy_uncontested", "test_loss", "code_revision"),
)


def code_digest() -> str:
    """Of all that decides how a model is trained: sources, parameters, libraries."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in (".py", ".yml", ".toml"):
                digest.update(file.read_bytes())
    for package in ("tensorflow", "keras"):
        digest.update(version(package).encode())
    return digest.hexdigest()[:16]


def copy_project(project: Path) -> None:
    """The project without its data, but with MNIST."""
    for name in ("conf/base", "src"):
        shutil.rmtree(project / name, ignore_errors=True)
        shutil.copytree(
            ROOT / name, project / name, ignore=shutil.ignore_patterns("*.egg-info")
        )
    (project / "conf" / "local").mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, project)
    raw = project / "data" / "01_raw"
    raw.mkdir(parents=True, exist_ok=True)
    if not MNIST.exists():
        sys.exit(
            f"expected MNIST in {MNIST.relative_to(ROOT)}; `make run` puts it there"
        )
    shutil.copy(MNIST, raw)


def kedro(project: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"kedro {' '.join(arguments)} failed:\n{done.stderr}")


def newest(project: Path, path: str) -> Path:
    folder = project / "data" / path
    return max(folder.iterdir()) / folder.name


def report(project: Path, name: str) -> dict:
    return json.loads(newest(project, f"08_reporting/{name}.json").read_text())


def validation_scores(project: Path) -> dict[str, float]:
    """Accuracy and mean cross-entropy (nats) of the model on the validation part."""
    found = pd.read_csv(newest(project, "07_model_output/validation_predictions.csv"))
    logits = found[[f"logit{digit}" for digit in range(10)]].to_numpy()
    labels = found["label"].to_numpy()
    right = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    return {
        "validation_accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "validation_loss": float(-right.mean()),
    }


def corrupted_validation_scores(project: Path) -> dict[str, float]:
    """Accuracy on the validation part through each of MNIST-C's families."""
    import keras

    known = pd.read_csv(newest(project, "07_model_output/validation_predictions.csv"))
    images = np.load(MNIST)["x_train"][known["index"]][..., None]
    images = (images / 255).astype(np.float32)
    path = newest(project, "06_models/model.keras")
    model = keras.models.load_model(path, compile=False)
    scores = {}
    for family, strength in MNIST_C.items():
        corrupted = corrupt(images, family, strength, 0)
        found = model.predict(corrupted, batch_size=1000, verbose=0).argmax(axis=1)
        scores[family] = float((found == known["label"]).mean())
    return scores


def test_scores(project: Path) -> dict[str, float]:
    """Of the clean test images, and of those through each family."""
    metrics = report(project, "metrics")
    families = pd.read_csv(newest(project, "08_reporting/robustness.csv"))
    return {name: metrics[name] for name in TESTED} | dict(
        families.set_index("family")["accuracy"].drop("clean")
    )


def remembered(results: Path) -> pd.DataFrame:
    """What this code has measured on this machine already."""
    if not results.exists():
        return pd.DataFrame(columns=["recipe", "seed", "params"])
    rows = pd.read_csv(results, keep_default_na=False)
    return rows[(rows["code"] == code_digest()) & (rows["processor"] == processor())]


def measure(recipe: str, seed: int, params: str = "", *, test: bool = True) -> dict:
    """One training, judged on the validation part and, if so, the test images.

    Done now or remembered. ``params`` are as `kedro run --params` takes them.
    """
    results = FOLDER / ("test.csv" if test else "validation.csv")
    known = remembered(results)
    known = known[
        (known["recipe"] == recipe)
        & (known["seed"] == seed)
        & (known["params"] == params)
    ]
    if len(known):
        return known.iloc[-1].to_dict()
    project = FOLDER / "project"
    copy_project(project)
    kedro(project, "run", "--pipelines", "prepare")
    values = ",".join(filter(None, [f"recipe={recipe},seed={seed}", params]))
    pipelines = "train,evaluate,robustness" if test else "train"
    kedro(project, "run", "--pipelines", pipelines, "--params", values)
    training = report(project, "training")
    row = {
        **{"recipe": recipe, "seed": seed, "params": params},
        **{name: training[name] for name in TRAINED},
        "resumed_after": len(training["resumed_after"]),
        **validation_scores(project),
        **{"processor": processor(), "date": str(date.today()), "code": code_digest()},
    }
    row |= test_scores(project) if test else corrupted_validation_scores(project)
    for name in ("05_model_input", "06_models/model.keras", "07_model_output"):
        shutil.rmtree(project / "data" / name)
    shutil.rmtree(project / "data" / "08_reporting")
    new = not results.exists()
    with results.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
    part = "test" if test else "validation"
    print(
        f"{recipe}, seed {seed}{', ' if params else ''}{params}: {part} "
        f"{100 * row[f'{part}_accuracy']:.2f} %, MNIST-C "
        f"{100 * corrupted(row).mean():.2f} % in {row['fit_seconds']:.1f} s",
        flush=True,
    )
    return row


def corrupted(rows: dict | pd.DataFrame) -> np.ndarray:
    """The accuracies on MNIST-C's fifteen: (15,), or (rows, 15)."""
    if isinstance(rows, dict):
        return np.array([rows[family] for family in MNIST_C])
    return rows[list(MNIST_C)].to_numpy()


def worst_family(rows: pd.DataFrame) -> str:
    """Of MNIST-C's fifteen, by the mean over rows, with that mean in %."""
    means = 100 * rows[list(MNIST_C)].mean()
    return f"{means.idxmin()} {means.min():.1f}"
