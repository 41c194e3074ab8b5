import json
import shutil

import pytest
from conftest import ROOT

from digit_recognition.cli import pruning
from digit_recognition.cli.pruning import find_needed, find_versions, remove_versions

DATA, MODEL = "a" * 64, "b" * 64
FILES = {
    "x_train": "05_model_input/x_train.zarr",
    "dataset_info": "05_model_input/dataset_info.json",
    "model": "06_models/model.keras",
    "model_onnx": "06_models/model.onnx",
    "validation_predictions": "07_model_output/validation_predictions.csv",
    "training": "08_reporting/training.json",
    "metrics": "08_reporting/metrics.json",
}


def version(day):
    return f"2026-01-{day:02}T00.00.00.000Z"


@pytest.fixture
def project(tmp_path):
    shutil.copytree(ROOT / "conf" / "base", tmp_path / "conf" / "base")
    (tmp_path / "conf" / "local").mkdir()
    return tmp_path


def place(project, day, **contents):
    """Write results of the run of a day in January."""
    for dataset, content in contents.items():
        path = project / "data" / FILES[dataset]
        path = path / version(day) / path.name
        path.parent.mkdir(parents=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))


def place_model(project, day, **more):
    place(project, day, model="m", training={"model_digest": MODEL}, **more)


def needed(project, *kept):
    return sorted(find_needed(find_versions(project), map(version, kept)))


def days(*numbers):
    return [version(number) for number in numbers]


def test_versions_are_found_with_their_size_the_newest_first(project):
    place(project, 1, model="four")
    place(project, 2, model="m", training={})
    (project / "data/06_models/model.keras/.saving-x").mkdir()
    found = find_versions(project)
    assert list(found) == days(2, 1)
    assert list(found[version(2)].folders) == ["model", "training"]
    assert [entry.size for entry in found.values()] == [3, 4]


def test_the_newest_version_of_each_dataset_is_needed(project):
    place(project, 1, model="m", metrics={})
    place(project, 2, model="m", x_train="x")
    place(project, 3, model="m")
    assert needed(project) == days(1, 2, 3)


def test_the_newest_complete_model_is_needed_beside_a_newer_incomplete_one(project):
    for day in (1, 2):
        place(project, day, model="m", training={}, validation_predictions="v")
    place(project, 3, model="m", training={})
    place(project, 4, validation_predictions="v")
    assert needed(project) == days(2, 3, 4)


@pytest.mark.parametrize("referrer", ["metrics", "model_onnx"])
def test_what_a_kept_result_refers_to_is_needed_also_in_steps(project, referrer):
    place(project, 1, x_train="x")
    place(project, 2, model="m", metrics={"data_version": version(1)})
    place(project, 3, **{referrer: f"\0model_version{version(2)}\0"})
    place(project, 4, **dict.fromkeys(FILES, ""))
    assert needed(project) == days(4)
    assert needed(project, 3) == days(1, 2, 3, 4)


def test_the_arrays_of_a_kept_model_are_found_by_their_digest(project):
    for day in (1, 2):
        place(project, day, dataset_info={"digests": {"x_train": DATA}})
    place(project, 3, training={"digests": {"x_train": DATA}, "model_digest": MODEL})
    place(project, 4, **dict.fromkeys(FILES, ""))
    assert needed(project, 3) == days(2, 3, 4)


def test_a_version_with_its_own_arrays_needs_no_other(project):
    for day in (1, 2):
        place(project, day, dataset_info=DATA, training={"x_train": DATA})
    assert needed(project) == days(2)


def test_removed_versions_leave_nothing_and_the_others_stay(project):
    for day in (1, 2):
        place_model(project, day)
    found = find_versions(project)
    assert list(remove_versions([found[version(1)]])) == [found[version(1)]]
    left = {p.name for p in (project / "data").rglob("*") if p.is_dir()}
    assert left == {
        *("06_models", "model.keras", "08_reporting", "training.json", version(2))
    }


def test_a_stopped_removal_leaves_whole_datasets_and_can_be_repeated(
    project, monkeypatch
):
    place_model(project, 1, metrics={}, x_train="x")
    place_model(project, 2)
    old = find_versions(project)[version(1)]
    calls = iter(range(2))
    folder = pruning.temporary_folder

    def stop(parent):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return folder(parent)

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "temporary_folder", stop)
        with pytest.raises(KeyboardInterrupt):
            list(remove_versions([old]))
    left = find_versions(project)[version(1)]
    assert set(left.folders) == {"model", "x_train"}
    list(remove_versions([left]))
    assert list(find_versions(project)) == days(2)
