"""A summary of the pictures read, as the last line of a run."""

from __future__ import annotations

from typing import Any

from kedro.framework.hooks import hook_impl

from digit_recognition.datasets.mnist_dataset import SAMPLE


class ReadingHooks:
    """Print how many pictures were read, and how reliable the readings are."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Clear what an earlier run in this process left."""
        self._summary: dict[str, Any] = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Keep the summary that the `read` pipeline saves."""
        if dataset_name == "reading_summary":
            self._summary = data

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Print the summary in one line."""
        if self._summary:
            print(_describe(self._summary), flush=True)


def _describe(summary: dict[str, Any]) -> str:
    counts = (
        f"{_count(summary['pictures'], 'picture')}: {summary['read']:,} read, "
        f"{summary['set_aside']:,} set aside for a person, "
        f"{summary['not_readable']:,} not readable"
    )
    skipped = summary["files_skipped"]
    if skipped:
        counts += f"; {_count(skipped, 'other file')} skipped"
    model = ""
    if summary["dataset"] == SAMPLE:
        model = "; the model was trained on the 5,000-image sample, not on MNIST"
    return f"{counts}. {_describe_error_rate(summary)}{model}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _describe_error_rate(summary: dict[str, Any]) -> str:
    requested, possible = summary["max_error"], summary["certain_max_error"]
    if summary["certain"]:
        return (
            f"At most {requested:g} of the accepted digits are wrong, with "
            f"{100 * summary['certainty']:g} % certainty, if they are like MNIST's"
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
