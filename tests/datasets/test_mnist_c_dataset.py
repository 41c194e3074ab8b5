import numpy as np
import pytest
from kedro.io import DatasetError

from digit_recognition.datasets import MnistCDataset

FOG = np.arange(5 * 28 * 28, dtype=np.uint8).reshape(5, 28, 28, 1)


def put(folder, corruption, images, labels=None):
    (folder / corruption).mkdir(parents=True)
    np.save(folder / corruption / "test_images.npy", images)
    if labels is not None:
        np.save(folder / corruption / "test_labels.npy", labels)


def test_without_a_folder_there_are_no_corruptions():
    assert MnistCDataset().load() == {}


def test_each_corruption_is_read_with_its_labels_if_it_has_some(tmp_path):
    put(tmp_path, "fog", FOG, np.arange(5))
    put(tmp_path, "stripe", 255 - FOG[..., 0])
    put(tmp_path, "identity", FOG)  # the clean images, published beside the others
    (tmp_path / "notes.txt").write_text("other files do not matter")
    loaded = MnistCDataset(filepath=str(tmp_path)).load()
    assert list(loaded) == ["fog", "stripe"]
    np.testing.assert_array_equal(loaded["fog"]["images"], FOG)
    np.testing.assert_array_equal(loaded["fog"]["labels"], np.arange(5))
    np.testing.assert_array_equal(loaded["stripe"]["images"], 255 - FOG)
    assert "labels" not in loaded["stripe"]


@pytest.mark.parametrize(
    ("name", "found"), [("", "which has none"), ("nowhere", "is not a folder")]
)
def test_a_folder_without_corruptions_is_refused(tmp_path, name, found):
    with pytest.raises(DatasetError, match=rf"<corruption>/test_images.*{found}"):
        MnistCDataset(filepath=str(tmp_path / name)).load()


@pytest.mark.parametrize(
    "images", [FOG / 255, FOG[:, :14], np.repeat(FOG, 3, axis=3), FOG.ravel()]
)
def test_images_of_another_dtype_or_shape_are_refused(tmp_path, images):
    put(tmp_path, "fog", images)
    with pytest.raises(DatasetError, match=r"expected uint8 \(n, 28, 28, 1\) in .*fog"):
        MnistCDataset(filepath=str(tmp_path)).load()


def test_files_without_arrays_and_pickled_objects_are_refused(tmp_path):
    put(tmp_path, "fog", np.array([{"a": 1}], dtype=object))
    with pytest.raises(DatasetError, match=r"expected a NumPy array in .*fog"):
        MnistCDataset(filepath=str(tmp_path)).load()
    (tmp_path / "fog" / "test_images.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DatasetError, match=r"expected a NumPy array in .*fog"):
        MnistCDataset(filepath=str(tmp_path)).load()


def test_saving_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="expected to be loaded only"):
        MnistCDataset(filepath=str(tmp_path)).save({"fog": FOG})
