import errno
import hashlib
from pathlib import Path

import pytest
from conftest import interrupted_save
from kedro.framework.project import configure_project, settings
from kedro.io import DatasetError, Version
from kedro_datasets.json import JSONDataset
from kedro_datasets.partitions import PartitionedDataset

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.manifests import Manifests, State
from digit_recognition.errors import ProjectError


def model(folder, save="now"):
    return JSONDataset(filepath=f"{folder}/model.json", version=Version(None, save))


@pytest.fixture
def atomic(tmp_path):
    """A catalog of one versioned file, saved as version "now"."""
    return AtomicCatalog({"model": model(tmp_path)})


def files(folder):
    """Every file and empty folder."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() or not list(path.iterdir())
    )


def test_the_project_uses_it():
    configure_project("digit_recognition")
    assert settings.DATA_CATALOG_CLASS is AtomicCatalog


def test_an_orchestrator_sets_the_version_to_save(tmp_path, monkeypatch):
    entry = {
        "type": "json.JSONDataset",
        "filepath": f"{tmp_path}/model.json",
        "versioned": True,
    }
    monkeypatch.setenv("KEDRO_SAVE_VERSION", "2026-01-31T12.00.00.000Z")
    catalog = AtomicCatalog.from_config(
        {"model": entry}, save_version="2026-02-28T12.00.00.000Z"
    )
    catalog.save("model", {})
    assert files(tmp_path) == ["model.json/2026-01-31T12.00.00.000Z/model.json"]
    monkeypatch.setenv("KEDRO_SAVE_VERSION", "../models")
    with pytest.raises(ProjectError, match=r"received .*models.; correct"):
        AtomicCatalog.from_config({"model": entry})


def test_a_version_is_in_its_place_only_when_it_is_complete(
    atomic, tmp_path, monkeypatch
):
    save = JSONDataset.save

    def check(dataset, data):
        save(dataset, data)
        assert not (tmp_path / "model.json").exists()

    monkeypatch.setattr(JSONDataset, "save", check)
    atomic.save("model", "mine")
    assert files(tmp_path) == ["model.json/now/model.json"]
    assert atomic.load("model") == "mine"


def test_without_a_save_version_each_save_makes_a_new_version(tmp_path):
    atomic = AtomicCatalog({"model": model(tmp_path, save=None)})
    for value in ("first", "second"):
        atomic.save("model", value)
        assert atomic.load("model") == value
    assert len(files(tmp_path)) == 2


def test_a_full_disk_is_named_in_one_sentence(tmp_path):
    class OnFullDisk(JSONDataset):
        def save(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    dataset = OnFullDisk(filepath=f"{tmp_path}/a.json", version=Version(None, "now"))
    with pytest.raises(DatasetError) as refused:
        AtomicCatalog({"a": dataset}).save("a", "mine")
    assert str(refused.value) == (
        f"expected to save a version of a in {tmp_path}/a.json, received [Errno 28] No "
        "space left on device; check that the folder is writable and the disk not full"
    )
    assert files(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_save_that_is_interrupted_leaves_nothing_behind(
    atomic, tmp_path, monkeypatch, error
):
    model(tmp_path, "1").save("first")

    monkeypatch.setattr(JSONDataset, "save", interrupted_save(error))
    with pytest.raises(error):
        atomic.save("model", "second")
    assert files(tmp_path) == ["model.json/1/model.json"]
    assert atomic.load("model") == "first"


def test_a_save_that_fails_leaves_nothing_behind(atomic, tmp_path):
    model(tmp_path, "1").save("first")
    with pytest.raises(DatasetError, match="not JSON serializable"):
        atomic.save("model", object())
    assert files(tmp_path) == ["model.json/1/model.json"]
    assert atomic["model"].list_versions(full_path=False) == ["1"]


def test_a_version_is_never_overwritten(atomic, tmp_path):
    atomic.save("model", "mine")
    with pytest.raises(DatasetError, match="expected to save a version of model in"):
        atomic.save("model", "other")
    assert atomic.load("model") == "mine"
    assert files(tmp_path) == ["model.json/now/model.json"]


def test_a_file_in_the_place_of_the_versions_is_named_and_kept(atomic, tmp_path):
    (tmp_path / "model.json").write_text("unversioned")
    with pytest.raises(DatasetError, match=r"in .*model.json, received .*exists"):
        atomic.save("model", "mine")
    assert (tmp_path / "model.json").read_text() == "unversioned"
    assert files(tmp_path) == ["model.json"]


def test_datasets_without_versions_are_saved_as_usual(tmp_path):
    path = tmp_path / "plain.json"
    AtomicCatalog({"plain": JSONDataset(filepath=str(path))}).save("plain", 1)
    assert path.read_text() == "1"


def test_a_damaged_version_is_named_with_its_reason_and_another_version(tmp_path):
    for version in ("1", "2"):
        model(tmp_path, version).save({})
    damaged = tmp_path / "model.json" / "2" / "model.json"
    damaged.write_text("{")
    with pytest.raises(DatasetError) as refused:
        AtomicCatalog({"model": model(tmp_path)}).load("model")
    assert str(refused.value) == (
        "expected model as it was saved, received a damaged file, or one of another "
        "program (Expecting property name enclosed in double quotes: line 1 column 2 "
        f"(char 1)), from {damaged}; make it again with `kedro run`, or load another "
        "version with --load-versions model:1"
    )


def test_the_damaged_version_is_the_one_that_was_to_be_loaded(tmp_path):
    for version in ("1", "2"):
        model(tmp_path, version).save({})
    damaged = tmp_path / "model.json" / "1" / "model.json"
    damaged.write_text("{")
    catalog = AtomicCatalog({"model": model(tmp_path)})
    with pytest.raises(DatasetError, match=f"from {damaged}; .* model:2$"):
        catalog.load("model", version="1")
    catalog["model"]._version = Version("1", "now")
    with pytest.raises(DatasetError, match=f"from {damaged}; .* model:2$"):
        catalog.load("model")


def test_a_missing_version_keeps_the_message_of_its_dataset(atomic):
    with pytest.raises(DatasetError, match=r"^model: Did not find any versions"):
        atomic.load("model")


@pytest.fixture
def with_manifests(tmp_path):
    """Return a function that makes a catalog with manifests, of a save version."""

    def make(save="now", **datasets):
        catalog = AtomicCatalog({"model": model(tmp_path, save), **datasets})
        catalog.manifests = Manifests(tmp_path)
        return catalog

    return make


def test_a_saved_version_has_its_digest_and_a_change_is_noticed(
    with_manifests, tmp_path
):
    catalog = with_manifests()
    catalog.save("model", {"accuracy": 0.99})
    folder = tmp_path / "model.json" / "now"
    assert catalog.manifests.examine(folder)[0] is State.GOOD
    assert catalog.load("model") == {"accuracy": 0.99}
    (folder / "model.json").write_text('{"accuracy": 0.98}')
    with pytest.raises(
        DatasetError, match=r"model as it was .* damaged file: .*l\.json"
    ):
        catalog.load("model")
    with pytest.raises(DatasetError, match="damaged file"):
        catalog.load("model", version="now")


def test_a_version_without_digest_is_loaded(with_manifests, tmp_path):
    model(tmp_path, "1").save("old")
    assert with_manifests().load("model") == "old"


def test_each_version_loaded_as_a_partition_is_checked(with_manifests, tmp_path):
    folder = tmp_path / "model.json"
    for version in ("1", "2"):
        with_manifests(version).save("model", version)
    (folder / "2" / "model.json").write_text('"3"')
    every = PartitionedDataset(
        path=str(folder), filename_suffix="/model.json", dataset="json.JSONDataset"
    )
    partitions = with_manifests(all_models=every).load("all_models")
    assert partitions["1"]() == "1"
    with pytest.raises(DatasetError, match="all_models as it was saved"):
        partitions["2"]()


def test_the_manifest_is_written_after_the_version(
    with_manifests, tmp_path, monkeypatch
):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Manifests, "add", stop)
    catalog = with_manifests()
    with pytest.raises(KeyboardInterrupt):
        catalog.save("model", "mine")
    assert files(tmp_path) == ["model.json/now/model.json"]
    assert catalog.load("model") == "mine"


def test_a_rename_that_fails_leaves_nothing_behind(
    with_manifests, tmp_path, monkeypatch
):
    def fail(*arguments):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(DatasetError, match=r"received .*Input/output error"):
            with_manifests().save("model", "mine")
    assert [path.name for path in tmp_path.rglob("*")] == ["model.json"]


def test_a_file_that_is_not_readable_is_called_so(with_manifests, monkeypatch):
    catalog = with_manifests()
    catalog.save("model", "mine")

    def fail(*arguments):
        raise PermissionError(13, "Permission denied", "model.json")

    monkeypatch.setattr(hashlib, "file_digest", fail)
    with pytest.raises(DatasetError, match=r"place that is not readable: model\.json;"):
        catalog.load("model")
