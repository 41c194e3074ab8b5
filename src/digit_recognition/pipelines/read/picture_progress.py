"""Show a progress bar while pictures are read or drawn."""

from __future__ import annotations

from collections.abc import Iterator

from digit_recognition.datasets import Partition, Picture, Pictures


class TrackedPictures:
    """Pictures that show a progress bar on a terminal while they are iterated over.

    The bar counts pictures. A TIFF of 500 pages is a single picture, so the bar does
    not move while its pages are processed, which takes minutes. Therefore,
    ``show_page`` shows the number of the current page beside the bar, from the second
    page on.
    """

    def __init__(self, pictures: Pictures, description: str):
        from rich import get_console
        from rich.progress import Progress

        self._pictures = pictures
        self._description = description
        self._progress = Progress(console=get_console())
        # Counting the pictures of a bucket would list it twice.
        total = len(pictures) if isinstance(pictures, Partition) else None
        self._task = self._progress.add_task(description, total=total)

    def __iter__(self) -> Iterator[Picture]:
        with self._progress:
            for picture in self._pictures:
                yield picture
                self._progress.update(
                    self._task, advance=1, description=self._description
                )

    def show_page(self, page: int) -> None:
        """Show the number of the page that is being read or drawn.

        ``page`` is the index of the page in the current picture, from 0. The number
        that is shown counts from 1. For the first page, nothing is shown.
        """
        if page:
            text = f"{self._description} page {page + 1}"
            self._progress.update(self._task, description=text, refresh=True)
