"""Results of earlier versions, kept in tests/fixtures, are still of use."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

pytestmark = pytest.mark.runs

ARCHIVES = sorted((ROOT / "tests" / "fixtures").glob("results-*.zip"))
FIGURES = {
    *("mistakes", "filters", "journey", "attention"),
    *("robustness_chart", "corruptions"),
}


@pytest.fixture(params=ARCHIVES, ids=[path.stem for path in ARCHIVES])
def old(request, project):
    """A project with the old results."""
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(project.folder)
    return project


def test_there_are_old_results_of_a_bearable_size():
    assert ARCHIVES
    assert sum(path.stat().st_size for path in ARCHIVES) < 300_000


def test_all_old_results_are_as_they_were_saved_and_can_be_loaded(old):
    done = old.kedro("verify")
    assert done.returncode == 0, done.stdout
    assert " no digest\n" not in done.stdout
    assert "data/" not in done.stdout, "a result that the catalog no longer has"
    with old.catalog() as catalog:
        results = {
            name
            for name in catalog
            if getattr(catalog.get(name), "_version", None)
            and name not in FIGURES
            and catalog.get(name).exists()  # some datasets are newer
        }
        loaded = {name: catalog.load(name) for name in results}
    assert loaded["x_train"].shape[1:] == (28, 28, 1)
    assert loaded["model"].predict(loaded["x_test"], verbose=0).shape[1:] == (10,)
    assert loaded["training"]["recipe"] == "tiny"
    assert loaded["readings"]["picture"].tolist() == ["picture.png"]


def test_an_old_model_is_evaluated_exported_and_read_with_again(old):
    reports = old.folder / "data" / "08_reporting"
    pictures = f"pictures={old.folder / 'data' / '01_raw' / 'picture.png'}"
    before = {
        name: json.loads(old.newest(f"08_reporting/{name}").read_text())
        for name in ("metrics.json", "export_check.json")
    }
    readings = pd.read_csv(old.newest("07_model_output/readings.csv"), dtype=str)
    done = old.kedro("run", "--pipelines", "read", "--params", pictures)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(old.newest("07_model_output/readings.csv"), dtype=str)
    assert table["number"].tolist() == readings["number"].tolist()
    done = old.kedro("run", "--pipelines", "export")
    assert "again with `kedro run --pipelines detector,export`" in done.stderr
    done = old.kedro("run", "--pipelines", "evaluate,detector,export,compare")
    assert done.returncode == 0, done.stderr
    metrics = json.loads(old.newest("08_reporting/metrics.json").read_text())
    for key in ("test_accuracy", "model_digest", "data_version", "recipe"):
        assert metrics[key] == before["metrics.json"][key]
    loss = before["metrics.json"]["test_loss"]
    np.testing.assert_allclose(metrics["test_loss"], loss, rtol=1e-3)
    check = json.loads(old.newest("08_reporting/export_check.json").read_text())
    assert check["model_version"] == before["export_check.json"]["model_version"]
    assert len(list((reports / "runs.csv").iterdir())) == 2


def test_results_from_before_there_were_manifests_are_loaded_unchecked(old):
    for manifest in (old.folder / "data/08_reporting/manifests").iterdir():
        manifest.unlink()
    done = old.kedro("verify")
    assert done.returncode == 0, done.stdout
    assert "0 good, 0 damaged, 0 missing, " in done.stdout
    accuracy, test_images = old.load("metrics", "x_test")
    assert accuracy["test_images"] == len(test_images)
