import numpy as np
import pytest
from kedro.io import Version
from kedro_datasets.json import JSONDataset

from digit_recognition.datasets import AtomicCatalog, ZarrDataset
from digit_recognition.datasets.manifests import Manifests, digest_files
from digit_recognition.digests import array_digest
from digit_recognition.errors import ProjectError
from digit_recognition.hooks import DamageHooks

GOOD, DAMAGED = np.arange(6.0), np.arange(6.0)[::-1]


@pytest.fixture
def save(tmp_path):
    """Save x_test in a version, and the record of the array that was meant."""

    def save(version, array, recorded=GOOD, name="x_test"):
        made = Version(None, version)
        ZarrDataset(filepath=f"{tmp_path}/x_test.zarr", version=made).save(array)
        record = JSONDataset(filepath=f"{tmp_path}/info.json", version=made)
        record.save({"digests": {name: array_digest(recorded)}})

    return save


@pytest.fixture
def load(tmp_path):
    """Load the newest x_test and check it, in a run that saves version "now"."""

    def load(now="now", manifests=None):
        made = Version(None, now)
        info = JSONDataset(filepath=f"{tmp_path}/info.json", version=made)
        array = ZarrDataset(filepath=f"{tmp_path}/x_test.zarr", version=made)
        catalog = AtomicCatalog({"x_test": array, "dataset_info": info})
        catalog.manifests = manifests
        hooks = DamageHooks()
        hooks.after_catalog_created(catalog)
        hooks.after_dataset_loaded("x_test", catalog.load("x_test"))

    return load


def test_an_array_as_it_was_saved_is_accepted(save, load):
    save("1", GOOD)
    load()


def test_a_damaged_array_is_named_with_its_newest_undamaged_version(save, load):
    save("1", GOOD)
    save("2", GOOD)
    save("3", DAMAGED)
    save("4", DAMAGED)
    with pytest.raises(ProjectError) as refused:
        load()
    assert str(refused.value).startswith(
        "expected x_test as it was saved, received a damaged array from /"
    )
    assert "/x_test.zarr/4/x_test.zarr; make the arrays again with" in str(
        refused.value
    )
    assert str(refused.value).endswith("--load-versions x_test:2")


def test_without_an_undamaged_version_the_array_is_to_be_made_again(save, load):
    save("1", DAMAGED)
    with pytest.raises(ProjectError, match=r"again with `kedro run --pipelines prep"):
        load()


def test_an_array_without_a_record_or_of_this_run_is_not_checked(save, load):
    save("1", DAMAGED, name="y_test")
    load()
    save("2", DAMAGED)
    load(now="2")


def test_an_array_in_a_manifest_is_left_to_the_catalog(save, load, tmp_path):
    save("1", DAMAGED)
    manifests = Manifests(tmp_path)
    with pytest.raises(ProjectError):
        load(manifests=manifests)
    folder = tmp_path / "x_test.zarr" / "1"
    manifests.add(folder, digest_files(folder))
    load(manifests=manifests)
