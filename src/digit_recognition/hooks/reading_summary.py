"""What came of reading pictures, in the run's last line."""

from __future__ import annotations

from typing import Any

from kedro.framework.hooks import hook_impl

from digit_recognition.datasets.mnist_dataset import SAMPLE


class ReadingHooks:
    """Say at the end how many pictures were read, and how far to trust that."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the run before."""
        self._summary: dict[str, Any] = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Keep what the pipeline made of the pictures."""
        if dataset_name == "reading_summary":
            self._summary = data

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Say it in one line."""
        if self._summary:
            print(_sentence(self._summary), flush=True)


def _sentence(summary: dict[str, Any]) -> str:
    counts = (
        f"{_so_many(summary['pictures'], 'picture')}: {summary['read']:,} read, "
        f"{summary['set_aside']:,} set aside for a person, "
        f"{summary['not_readable']:,} not readable"
    )
    skipped = summary["files_skipped"]
    if skipped:
        counts += f"; {_so_many(skipped, 'other file')} skipped"
    model = ""
    if summary["dataset"] == SAMPLE:
        model = "; the model was trained on the 5,000-image sample, not on MNIST"
    return f"{counts}. {_certainty(summary)}{model}."


def _so_many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _certainty(summary: dict[str, Any]) -> str:
    asked, had = summary["max_error"], summary["certain_max_error"]
    certainty = f"{100 * summary['certainty']:g} % certainty"
    if summary["certain"]:
        return (
            f"At most {asked:g} of accepted digits is wrong, with {certainty}, "
            "where they are like MNIST's"
        )
    if had is None:
        return (
            f"max_error {asked:g} cannot be had from this model's validation part, nor "
            "any other: what is accepted is above its most confident error"
        )
    return (
        f"max_error {asked:g} cannot be had from this model's validation part: the "
        f"strictest that can, {had:g}, was taken, for digits like MNIST's"
    )
