import shutil
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from conftest import ROOT

from digit_recognition.cli import cli

AGES = (1, 20, 40, 60)


def version(age):
    time = datetime.now(UTC) - timedelta(days=age)
    return f"{time:%Y-%m-%dT%H.%M}.00.000Z"


@pytest.fixture
def prune(tmp_path, monkeypatch):
    """Return a function that runs the command; it returns the ages that are left."""
    shutil.copytree(ROOT / "conf" / "base", tmp_path / "conf" / "base")
    (tmp_path / "conf" / "local").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    monkeypatch.chdir(tmp_path)
    folders = {
        age: tmp_path / "data/06_models/model.keras" / version(age) for age in AGES
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
        (folder / "model.keras").write_bytes(bytes(100_000))

    def run(*options, exit_code=0):
        done = CliRunner(catch_exceptions=False).invoke(cli, ["prune", *options])
        assert done.exit_code == exit_code, done.output
        return done.output, [age for age, folder in folders.items() if folder.exists()]

    return run


@pytest.mark.parametrize("options", [(), ("--keep", "1"), ("--older-than", "0d")])
def test_without_yes_the_versions_are_only_listed(prune, options):
    output, left = prune(*options)
    assert left == list(AGES)
    assert all(version(age) in output for age in AGES)
    assert ("Would remove 3 of 4 versions, 0.3 MB" in output) == bool(options)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (("--keep", "2"), [1, 20]),
        (("--keep", "0"), [1]),
        (("--keep", "9"), [1, 20, 40, 60]),
        (("--older-than", "30d"), [1, 20]),
        (("--keep", "3", "--older-than", "30d"), [1, 20, 40]),
        (("--keep", "1", "--older-than", "50d"), [1, 20, 40]),
    ],
)
def test_with_yes_old_versions_are_removed(prune, options, kept):
    assert prune(*options, "--yes")[1] == kept


def test_yes_alone_is_refused(prune):
    output, left = prune("--yes", exit_code=2)
    assert left == list(AGES)
    assert "expected --keep or --older-than" in output


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1w"])
def test_an_age_is_a_number_of_days(prune, age):
    output, left = prune(f"--older-than={age}", "--yes", exit_code=2)
    assert left == list(AGES)
    assert "such as 30d" in output
