import io
import re

import pytest
import rich
from rich.console import Console

from digit_recognition.pipelines.train.progress import show_progress


def train(epochs, done=0):
    with show_progress(epochs, done) as progress:
        for epoch in range(done + 1, epochs + 1):
            progress.batch_ended(epoch - 0.5)
            progress.epoch_ended(epoch, 0.9876)


def test_a_file_gets_a_line_for_each_epoch(capsys):
    train(3, done=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(", ")[0] for line in lines] == [
        "  epoch 2/3: validation accuracy 98.76 %",
        "  epoch 3/3: validation accuracy 98.76 %",
    ]
    assert all(re.search(r", 0\.\d s left$", line) for line in lines)


@pytest.mark.parametrize(("epochs", "lines"), [(20, 20), (36, 19), (21, 12)])
def test_long_trainings_get_about_twenty_lines_with_the_first_and_the_last(
    capsys, epochs, lines
):
    train(epochs)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == lines
    assert printed[0].startswith(f"  epoch 1/{epochs}: ")
    assert printed[-1].startswith(f"  epoch {epochs}/{epochs}: ")


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_terminal_gets_one_bar_that_fits_its_width(monkeypatch, width):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(rich, "get_console", lambda: console)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    train(36)
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", drawn) if line.strip()]
    assert lines
    assert any("validation accuracy 98.76 %" in line for line in lines)
    for line in lines:
        assert len(line) <= width
        assert line.startswith("  epoch ")
        assert line.endswith(" left")
