import io

import rich
from rich.console import Console

from digit_recognition.datasets.pictures import FolderPictures
from digit_recognition.pipelines.read.picture_progress import TrackedPictures


def test_the_page_is_shown_from_the_second_page_on(monkeypatch, tmp_path):
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    monkeypatch.setattr(rich, "get_console", lambda: console)
    pictures = FolderPictures(tmp_path, {"a.tif": "", "b.png": ""})
    tracked = TrackedPictures(pictures, "Reading")
    names = []
    for picture in tracked:
        names.append(picture.name)
        for page in range(3 if picture.name == "a.tif" else 1):
            tracked.show_page(page)
            console.print(f"page {page} of {picture.name}")
    assert names == ["a.tif", "b.png"]
    assert "Reading page 1" not in shown.getvalue()
    assert "Reading page 3" in shown.getvalue()
    assert "100%" in shown.getvalue()


def test_nothing_is_repeated_where_no_terminal_is(monkeypatch, tmp_path):
    shown = io.StringIO()
    monkeypatch.setattr(rich, "get_console", lambda: Console(file=shown, width=100))
    tracked = TrackedPictures(FolderPictures(tmp_path, {"a.tif": ""}), "Reading")
    for _ in tracked:
        for page in range(500):
            tracked.show_page(page)
    assert shown.getvalue().count("\n") <= 1
