import tracemalloc
import zipfile

import numpy as np
import pytest
from kedro.io import DatasetError, Version

from digit_recognition.datasets import AtomicCatalog, KerasDataset
from digit_recognition.datasets.keras_dataset import MAX_JSON_BYTES


@pytest.fixture(scope="module")
def network():
    import keras

    return keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])


@pytest.fixture
def dataset(tmp_path):
    return KerasDataset(filepath=str(tmp_path / "model.keras"))


def test_a_saved_model_is_loaded_with_its_weights(dataset, network):
    dataset.save(network)
    for saved, loaded in zip(
        network.get_weights(), dataset.load().get_weights(), strict=True
    ):
        np.testing.assert_array_equal(loaded, saved)


def replace(path, name, size):
    """Replace a file in the archive by one of spaces, which unpacks to ``size``."""
    with zipfile.ZipFile(path) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in files.items():
            with archive.open(entry, "w", force_zip64=True) as file:
                if entry != name:
                    file.write(content)
                for start in range(0, size if entry == name else 0, 2**20):
                    file.write(bytes(min(2**20, size - start)))


@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
def test_a_small_file_with_a_huge_description_is_refused_before_it_is_unpacked(
    dataset, network, tmp_path, name
):
    dataset.save(network)
    path = tmp_path / "model.keras"
    replace(path, name, MAX_JSON_BYTES + 1)
    assert path.stat().st_size < 50_000
    tracemalloc.start()
    with pytest.raises(DatasetError, match=rf"at most .* in {name} of .*10,000,001;"):
        dataset.load()
    assert tracemalloc.get_traced_memory()[1] < MAX_JSON_BYTES
    tracemalloc.stop()


def test_the_files_of_a_model_are_limited_together(
    dataset, network, tmp_path, monkeypatch
):
    dataset.save(network)
    monkeypatch.setattr(
        "digit_recognition.datasets.keras_dataset.MAX_UNPACKED_BYTES", 9
    )
    with pytest.raises(DatasetError, match="at most 9 bytes in "):
        dataset.load()


def test_a_file_that_is_no_model_is_called_damaged_by_the_catalog(tmp_path):
    path = tmp_path / "model.keras" / "1" / "model.keras"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no model")
    version = Version(None, "now")
    dataset = KerasDataset(filepath=f"{tmp_path}/model.keras", version=version)
    with pytest.raises(
        DatasetError, match=r"damaged file, .* \(File is not a zip file"
    ):
        AtomicCatalog({"model": dataset}).load("model")
