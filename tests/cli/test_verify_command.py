import re
import shutil

import pytest
from click.testing import CliRunner
from conftest import ROOT

from digit_recognition.cli import cli
from digit_recognition.cli.pruning import find_versions, remove_versions
from digit_recognition.datasets.manifests import Manifests, digest_files

OLD, NEW = (f"2026-01-0{day}T00.00.00.000Z" for day in (1, 2))
PLACES = {
    "model": "06_models/model.keras",
    "training": "08_reporting/training.json",
    "metrics": "08_reporting/metrics.json",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Three results in two versions, the newer of which has a manifest."""
    shutil.copytree(ROOT / "conf" / "base", tmp_path / "conf" / "base")
    (tmp_path / "conf" / "local").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    monkeypatch.chdir(tmp_path)
    for version in (OLD, NEW):
        for dataset in PLACES:
            path = file(tmp_path, dataset, version)
            path.parent.mkdir(parents=True)
            path.write_text(dataset)
            if version == NEW:
                Manifests(tmp_path).add(path.parent, digest_files(path.parent))
    return tmp_path


def file(project, dataset, version):
    folder = project / "data" / PLACES[dataset]
    return folder / version / folder.name


def verify(*arguments, exit_code=0):
    """Run the command; return the states by version and dataset, and the output."""
    done = CliRunner(catch_exceptions=False).invoke(cli, ["verify", *arguments])
    assert done.exit_code == exit_code, done.output
    rows = (re.split(" {2,}", line) for line in done.output.splitlines())
    states = {
        tuple(row[:2]): row[2] if len(row) == 3 else tuple(row[2:])
        for row in rows
        if row[0] in (OLD, NEW)
    }
    return states, done.output


def test_all_versions_are_listed_the_newest_first(project):
    states, output = verify()
    assert states == {
        (version, dataset): state
        for version, state in ((NEW, "good"), (OLD, "no digest"))
        for dataset in PLACES
    }
    assert next(iter(states)) == (NEW, "model")
    last = "3 good, 0 damaged, 0 missing, 3 no digest, 0 not readable."
    assert output.splitlines()[-1] == last


def test_damage_is_named_and_gives_exit_code_1(project):
    file(project, "metrics", NEW).write_text("metricz")
    file(project, "training", NEW).unlink()
    states, output = verify(exit_code=1)
    path = f"data/08_reporting/metrics.json/{NEW}/metrics.json"
    assert states[NEW, "metrics"] == ("damaged", path)
    assert (states[NEW, "model"], states[NEW, "training"]) == ("good", "missing")
    assert "Error: expected good results, received 1 damaged or not" in output


def test_one_version_can_be_named(project):
    file(project, "metrics", NEW).write_text("changed")
    assert {version for version, _ in verify(OLD)[0]} == {OLD}
    assert {version for version, _ in verify(NEW, exit_code=1)[0]} == {NEW}
    _, output = verify("2020", exit_code=1)
    assert f"received 2020; existing: {NEW}, {OLD}" in output


def test_a_damaged_manifest_is_named(project):
    path = Manifests(project).path(NEW)
    path.write_bytes(path.read_bytes()[:-9])
    states, _ = verify(exit_code=1)
    assert states[NEW, "manifest"] == ("damaged", str(path.relative_to(project)))
    assert (OLD, "model") in states


def test_without_results_there_is_nothing_to_verify(project):
    shutil.rmtree(project / "data")
    states, output = verify()
    assert states == {}
    assert "0 good, 0 damaged" in output


def test_pruned_versions_leave_no_manifest_and_the_others_stay_good(project):
    for path in (file(project, "model", OLD), file(project, "metrics", OLD)):
        Manifests(project).add(path.parent, digest_files(path.parent))
    list(remove_versions([find_versions(project)[OLD]]))
    states, _ = verify()
    assert set(states.values()) == {"good"}
    assert Manifests(project).versions() == [NEW]


def test_a_removal_that_was_killed_before_the_manifest_is_completed(project):
    manifest = Manifests(project).path(NEW)
    for folder in find_versions(project)[NEW].folders.values():
        shutil.rmtree(folder)
    assert set(verify(NEW)[0].values()) == {"missing"}
    assert CliRunner().invoke(cli, ["prune", "--keep", "0", "--yes"]).exit_code == 0
    assert not manifest.exists()
    assert list(find_versions(project)) == [OLD]
