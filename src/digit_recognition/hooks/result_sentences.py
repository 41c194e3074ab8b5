"""Describe the main results of a run in plain sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from digit_recognition.datasets.mnist_dataset import MNIST, SAMPLE


def describe_results(saved: dict[str, Any]) -> list[str]:
    """Return one sentence for each main result of a run.

    ``saved`` maps the names of datasets to the data that the run saved. The main
    results are the datasets in ``MAIN_RESULTS``. If the run saved no main result, one
    sentence is returned, about the first dataset in ``SENTENCES`` that the run saved.
    If there is no such dataset either, the list is empty.
    """
    sentences = {name: SENTENCES[name](saved) for name in SENTENCES if name in saved}
    main = [text for name, text in sentences.items() if name in MAIN_RESULTS]
    return main or list(sentences.values())[:1]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _dataset(name: str) -> str:
    return {MNIST: "MNIST", SAMPLE: "the 5,000-image sample"}.get(name, f"{name} data")


def _describe_metrics(saved: dict[str, Any]) -> str:
    metrics = saved["metrics"]
    low, high = _percent(metrics["accuracy_low"]), _percent(metrics["accuracy_high"])
    images = _count(metrics["test_images"], "test image")
    return (
        f"Test accuracy {_percent(metrics['test_accuracy'])}, 95 % interval {low} to "
        f"{high}, on the {images} of {_dataset(metrics['dataset'])}."
    )


def _describe_robustness(saved: dict[str, Any]) -> str:
    summary = saved["robustness_summary"]
    parts = {
        "clean images": summary["accuracy_clean"],
        "MNIST-C's fifteen corruptions": summary["accuracy_mnist_c"],
        "other corruptions": summary["accuracy_others"],
        "other writers": summary["accuracy_other_writers"],
        f"the worst ({summary['worst_family']})": summary["worst_accuracy"],
    }
    known = [f"{_percent(x)} on {name}" for name, x in parts.items() if x is not None]
    return f"Accuracy {', '.join(known)}."


def _describe_readings(saved: dict[str, Any]) -> str:
    summary = saved["reading_summary"]
    numbers, accepted = summary["numbers"], summary["accepted"]
    skipped, strays = summary["files_skipped"], summary["stray_marks"]
    model = ""
    if summary["dataset"] == SAMPLE:
        model = "; the model was trained on the 5,000-image sample, not on MNIST"
    return (
        f"{_count(summary['pictures'], 'picture')}: {_count(numbers, 'number')} read, "
        f"{accepted:,} accepted, {numbers - accepted:,} set aside for a person; "
        f"{_count(summary['not_readable'], 'picture')} not readable"
        + (f"; {_count(strays, 'mark')} in no number" if strays else "")
        + (f"; {_count(skipped, 'other file')} skipped" if skipped else "")
        + f".\n{_describe_error_rate(summary)}{model}."
        + _describe_partitions(saved)
    )


def _describe_partitions(saved: dict[str, Any]) -> str:
    """Return a line that says where the cluster has written Parquet files.

    If the run used no cluster, returns an empty text.
    """
    summary = saved["reading_summary"]
    if "parquet" not in summary:
        return ""
    is_large = summary["pictures"] and saved["readings"].empty
    reason = ", because they are too many for a CSV file" if is_large else ""
    return f"\nThe rows are in {summary['parquet']} as Parquet files{reason}."


def _describe_error_rate(summary: dict[str, Any]) -> str:
    requested, possible = summary["max_error"], summary["certain_max_error"]
    if summary["certain"]:
        limits = f"At most {requested:g} of the accepted digits are wrong"
        if summary["certain_numbers"]:
            limits = (
                f"At most {requested:g} of the accepted single digits and "
                f"{summary['max_number_error']:g} of the longer numbers are wrong"
            )
        return (
            f"{limits}, with {100 * summary['certainty']:g} % certainty, if they are "
            "like MNIST's"
        )
    if possible is None:
        return (
            f"This model's validation part guarantees neither max_error {requested:g} "
            "nor any other: digits are accepted above its most confident error"
        )
    return (
        f"This model's validation part cannot guarantee max_error {requested:g}: the "
        f"smallest possible, {possible:g}, is used, for digits like MNIST's"
    )


def _describe_runs(saved: dict[str, Any]) -> str:
    return f"The metrics of {_count(len(saved['runs']), 'run')}, in one table."


def _describe_sweep(saved: dict[str, Any]) -> str:
    sweep = saved["sweep"]
    done = sweep[sweep["problem"] == ""]
    groups = done.groupby(["recipe", "changes"])["validation_accuracy"]
    recipe, changes = groups.mean().idxmax()
    best = groups.get_group((recipe, changes))
    low, high = _percent(best.min()), _percent(best.max())
    failed = len(sweep) - len(done)
    return (
        f"{_count(len(sweep), 'training')}"
        + (f", of which {failed:,} failed" if failed else "")
        + f". Best on the validation images: {' '.join([recipe, changes]).strip()}, "
        f"{_percent(best.mean())} ({low} to {high} over {_count(len(best), 'seed')})."
    )


def _describe_search(saved: dict[str, Any]) -> str:
    search = saved["search"]
    best = search.loc[search["validation_accuracy"].idxmax()]
    return (
        f"{_count(len(search), 'trial')}. Best on the validation images: "
        f"{_percent(best['validation_accuracy'])} with {best['changes']}."
    )


def _describe_shapes(saved: dict[str, Any]) -> str:
    return f"One image, drawn layer by layer through {len(saved['shapes'])} layers."


def _describe_export(saved: dict[str, Any]) -> str:
    check = saved["export_check"]
    return (
        "The ONNX model gives the same digits as Keras on "
        f"{_count(check['test_images'], 'test image')}."
    )


def _describe_training(saved: dict[str, Any]) -> str:
    training, history = saved["training"], saved["history"]
    accuracy = _percent(history["val_accuracy"].iloc[-1])
    return (
        f"Recipe {training['recipe']}, seed {training['seed']}: validation accuracy "
        f"{accuracy} after {_count(training['epochs'], 'epoch')}."
    )


def _describe_detector(saved: dict[str, Any]) -> str:
    pictures = _count(saved["detector_training"]["pictures"], "picture")
    return f"The detector is trained on {pictures}."


def _describe_dataset(saved: dict[str, Any]) -> str:
    info = saved["dataset_info"]
    return (
        f"{_count(info['train_images'], 'training image')} and "
        f"{_count(info['test_images'], 'test image')} of {_dataset(info['dataset'])}."
    )


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "metrics": _describe_metrics,
    "robustness_summary": _describe_robustness,
    "readings": _describe_readings,
    "runs": _describe_runs,
    "shapes": _describe_shapes,
    "sweep": _describe_sweep,
    "search": _describe_search,
    "export_check": _describe_export,
    "training": _describe_training,
    "detector_training": _describe_detector,
    "dataset_info": _describe_dataset,
}

MAIN_RESULTS = (
    *("metrics", "robustness_summary", "readings", "runs", "shapes"),
    *("sweep", "search"),
)

DESCRIBED = {*SENTENCES, "history", "reading_summary"}
"""Names of the datasets whose data ``describe_results`` uses."""
