"""The progress of reading and drawing: a bar of the pictures, with the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from digit_recognition.datasets import Picture, Pictures


def track_pictures(
    pictures: Pictures, description: str
) -> Iterator[tuple[Picture, Callable[[int], None]]]:
    """Yield each picture with a function that shows the page (from 0) of a TIFF.

    A terminal shows a bar, and beside it the page from the second page on. A file of
    500 pages takes minutes, in which the bar alone would not move.
    """
    from rich import get_console
    from rich.progress import Progress

    with Progress(console=get_console()) as progress:
        task = progress.add_task(description, total=len(pictures))

        def show_page(page: int) -> None:
            if page:
                text = f"{description} page {page + 1}"
                progress.update(task, description=text, refresh=True)

        for picture in pictures:
            yield picture, show_page
            progress.update(task, advance=1, description=description)
