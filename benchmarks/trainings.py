"""Train recipes on the whole of MNIST and store their scores in data/benchmarks.

Trainings run in a copy of the project, so that the newest model of the project itself
stays the same. Scores are stored, so repeating a benchmark only runs trainings whose
scores are missing. An interrupted training is resumed. Stored scores are used only if
code, parameters and processor are the same.
"""

import csv
import hashlib
import shutil
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from digit_recognition.corruptions import MNIST_C, corrupt
from digit_recognition.runtime import processor

from common import (
    FOLDER,
    MNIST,
    ROOT,
    copy_project,
    newest_version,
    read_report,
    run_kedro,
)

SOURCES = ("conf/base", "src", "pyproject.toml")
TRAINING_FIELDS = (
    *("epochs", "fit_seconds", "precision", "deterministic", "model_digest"),
)
METRICS_FIELDS = (
    *("test_accuracy", "test_accuracy_uncontested", "test_loss", "code_revision"),
)


def code_digest() -> str:
    """Return a digest of the code, parameters and library versions of a training."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in (".py", ".yml", ".toml"):
                digest.update(file.read_bytes())
    for package in ("tensorflow", "keras"):
        digest.update(version(package).encode())
    return digest.hexdigest()[:16]


def validation_scores(project: Path) -> dict[str, float]:
    """Return accuracy and mean cross-entropy (in nats) on the validation images."""
    found = pd.read_csv(
        newest_version(project, "07_model_output/validation_predictions.csv")
    )
    logits = found[[f"logit{digit}" for digit in range(10)]].to_numpy()
    labels = found["label"].to_numpy()
    log_likelihoods = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    return {
        "validation_accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "validation_loss": float(-log_likelihoods.mean()),
    }


def corrupted_validation_scores(project: Path) -> dict[str, float]:
    """Return the accuracy on validation images corrupted by each MNIST-C family."""
    import keras

    validation = pd.read_csv(
        newest_version(project, "07_model_output/validation_predictions.csv")
    )
    images = np.load(MNIST)["x_train"][validation["index"]][..., None]
    images = (images / 255).astype(np.float32)
    path = newest_version(project, "06_models/model.keras")
    model = keras.models.load_model(path, compile=False)
    scores = {}
    for family, strength in MNIST_C.items():
        logits = model.predict(
            corrupt(images, family, strength, 0), batch_size=1000, verbose=0
        )
        correct = logits.argmax(axis=1) == validation["label"]
        scores[family] = float(correct.mean())
    return scores


def test_scores(project: Path) -> dict[str, float]:
    """Return scores on the test images, clean and for each family of corruptions."""
    metrics = read_report(project, "metrics")
    families = pd.read_csv(newest_version(project, "08_reporting/robustness.csv"))
    return {name: metrics[name] for name in METRICS_FIELDS} | dict(
        families.set_index("family")["accuracy"].drop("clean")
    )


def stored_scores(path: Path) -> pd.DataFrame:
    """Return the stored scores of the current code on the current processor."""
    if not path.exists():
        return pd.DataFrame(columns=["recipe", "seed", "params"])
    rows = pd.read_csv(path, keep_default_na=False)
    return rows[(rows["code"] == code_digest()) & (rows["processor"] == processor())]


def train_and_score(
    recipe: str, seed: int, params: str = "", *, test: bool = True
) -> dict:
    """Train a recipe and return its scores, or return the scores stored earlier.

    The model is scored on the validation images. With ``test``, it is also scored on
    clean and corrupted test images, otherwise on corrupted validation images.
    ``params`` is added to the value of `kedro run --params`.
    """
    path = FOLDER / ("test.csv" if test else "validation.csv")
    stored = stored_scores(path)
    stored = stored[
        (stored["recipe"] == recipe)
        & (stored["seed"] == seed)
        & (stored["params"] == params)
    ]
    if len(stored):
        return stored.iloc[-1].to_dict()
    project = FOLDER / "project"
    copy_project(project)
    run_kedro(project, "run", "--pipelines", "prepare")
    values = ",".join(filter(None, [f"recipe={recipe},seed={seed}", params]))
    pipelines = "train,evaluate,robustness" if test else "train"
    run_kedro(project, "run", "--pipelines", pipelines, "--params", values)
    training = read_report(project, "training")
    row = {
        **{"recipe": recipe, "seed": seed, "params": params},
        **{name: training[name] for name in TRAINING_FIELDS},
        "resumed_after": len(training["resumed_after"]),
        **validation_scores(project),
        **{"processor": processor(), "date": str(date.today()), "code": code_digest()},
    }
    row |= test_scores(project) if test else corrupted_validation_scores(project)
    for name in ("05_model_input", "06_models/model.keras", "07_model_output"):
        shutil.rmtree(project / "data" / name)
    shutil.rmtree(project / "data" / "08_reporting")
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if is_new:
            writer.writeheader()
        writer.writerow(row)
    part = "test" if test else "validation"
    print(
        f"{recipe}, seed {seed}{', ' if params else ''}{params}: {part} "
        f"{100 * row[f'{part}_accuracy']:.2f} %, MNIST-C "
        f"{100 * corrupted_accuracies(row).mean():.2f} % in {row['fit_seconds']:.1f} s",
        flush=True,
    )
    return row


def corrupted_accuracies(rows: dict | pd.DataFrame) -> np.ndarray:
    """Return the accuracies on MNIST-C's families: (15,), or (rows, 15) for a table."""
    if isinstance(rows, dict):
        return np.array([rows[family] for family in MNIST_C])
    return rows[list(MNIST_C)].to_numpy()


def worst_family(rows: pd.DataFrame) -> str:
    """Name the MNIST-C family with the lowest mean accuracy, with that mean in %."""
    means = 100 * rows[list(MNIST_C)].mean()
    return f"{means.idxmin()} {means.min():.1f}"


def date_range(rows: pd.DataFrame) -> str:
    """Return the day of the trainings, or the first and the last day."""
    return " to ".join(sorted({rows["date"].min(), rows["date"].max()}))
