import base64
import io
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr
from kedro.io import DatasetError, Version
from PIL import Image

from digit_recognition.datasets import ZarrDataset

ARRAY = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path):
    if request.param == "disk":
        yield str(tmp_path)
    else:
        yield f"memory://{tmp_path.name}"
        fsspec.filesystem("memory").store.clear()


def test_an_array_is_loaded_as_it_was_saved(folder):
    dataset = ZarrDataset(filepath=f"{folder}/array.zarr")
    assert not dataset.exists()
    dataset.save(ARRAY)
    assert dataset.exists()
    loaded = dataset.load()
    np.testing.assert_array_equal(loaded, ARRAY)
    assert loaded.dtype == np.float32


def test_saving_again_replaces_an_unversioned_array(folder):
    dataset = ZarrDataset(filepath=f"{folder}/array.zarr")
    dataset.save(ARRAY)
    dataset.save(ARRAY[:1])
    np.testing.assert_array_equal(dataset.load(), ARRAY[:1])


def test_a_failed_replacement_keeps_the_old_array(tmp_path, monkeypatch):
    dataset = ZarrDataset(filepath=str(tmp_path / "array.zarr"))
    dataset.save(ARRAY)
    rename, calls = Path.rename, []

    def busy_the_second_time(path, target):
        calls.append(path)
        if len(calls) == 2:
            raise PermissionError("in use")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", busy_the_second_time)
    with pytest.raises(DatasetError, match="in use"):
        dataset.save(ARRAY + 1)
    np.testing.assert_array_equal(dataset.load(), ARRAY)


def test_each_version_keeps_its_array_and_the_newest_is_loaded(folder):
    path = f"{folder}/array.zarr"
    ZarrDataset(filepath=path, version=Version(None, "1")).save(ARRAY)
    ZarrDataset(filepath=path, version=Version(None, "2")).save(ARRAY + 1)
    newest = ZarrDataset(filepath=path, version=Version(None, None))
    np.testing.assert_array_equal(newest.load(), ARRAY + 1)
    assert newest.list_versions(full_path=False) == ["2", "1"]
    first = ZarrDataset(filepath=path, version=Version("1", None))
    np.testing.assert_array_equal(first.load(), ARRAY)


def test_a_version_is_never_overwritten(folder):
    dataset = ZarrDataset(filepath=f"{folder}/array.zarr", version=Version(None, "1"))
    dataset.save(ARRAY)
    with pytest.raises(DatasetError, match="must not exist"):
        dataset.save(ARRAY)


def test_after_an_interrupted_save_the_last_complete_version_is_the_newest(
    folder, monkeypatch
):
    path = f"{folder}/array.zarr"
    ZarrDataset(filepath=path, version=Version(None, "1")).save(ARRAY)

    written = []

    def interrupted(*arguments, **options):
        written.append(arguments)
        if len(written) > 1:
            raise KeyboardInterrupt
        return put(*arguments, **options)

    filesystem = fsspec.filesystem("memory")
    put = filesystem.put_file
    monkeypatch.setattr(filesystem, "put_file", interrupted)
    monkeypatch.setattr("pathlib.Path.rename", interrupted_at_once)
    with pytest.raises(KeyboardInterrupt):
        ZarrDataset(
            filepath=path, version=Version(None, "2"), save_args={"chunks": (1, 3, 4)}
        ).save(ARRAY + 1)
    newest = ZarrDataset(filepath=path, version=Version(None, None))
    assert newest.resolve_load_version() == "1"
    np.testing.assert_array_equal(newest.load(), ARRAY)


def interrupted_at_once(*arguments):
    raise KeyboardInterrupt


def test_save_arguments_reach_zarr(tmp_path):
    path = tmp_path / "array.zarr"
    ZarrDataset(filepath=str(path), save_args={"chunks": [1, 3, 4]}).save(ARRAY)
    assert zarr.open_array(path, mode="r").chunks == (1, 3, 4)


def test_credentials_reach_the_filesystem(monkeypatch):
    received = {}

    def filesystem(protocol, **options):
        received.update(options, protocol=protocol)
        return fsspec.implementations.memory.MemoryFileSystem()

    monkeypatch.setattr(fsspec, "filesystem", filesystem)
    ZarrDataset(filepath="s3://bucket/array.zarr", credentials={"key": "k"})
    assert received == {"protocol": "s3", "key": "k"}


@pytest.mark.parametrize("data", [[1, 2], np.array([object()])])
def test_only_arrays_of_numbers_are_saved(tmp_path, data):
    dataset = ZarrDataset(filepath=str(tmp_path / "array.zarr"))
    with pytest.raises(DatasetError, match="expected a NumPy array of numbers"):
        dataset.save(data)
    assert not dataset.exists()


def test_a_missing_array_says_what_to_do(folder):
    with pytest.raises(DatasetError, match=r"expected a Zarr array at .*found none"):
        ZarrDataset(filepath=f"{folder}/array.zarr").load()


def test_the_preview_shows_the_first_images_side_by_side(tmp_path):
    dataset = ZarrDataset(filepath=str(tmp_path / "images.zarr"))
    images = np.zeros((9, 2, 2, 1), np.float32)
    images[1] = 1
    images[8] = 1
    dataset.save(images)
    png = base64.b64decode(dataset.preview(count=8))
    picture = np.asarray(Image.open(io.BytesIO(png)))
    assert picture.shape == (4, 8)
    assert (picture[:2, 2:4] == 255).all()
    assert picture.sum() == 4 * 255
    assert dataset.preview.__annotations__["return"].__name__ == "ImagePreview"


def test_arrays_that_are_no_images_have_no_preview(tmp_path):
    dataset = ZarrDataset(filepath=str(tmp_path / "array.zarr"))
    dataset.save(np.zeros(3))
    with pytest.raises(DatasetError, match=r"expected images .* received \(3,\)"):
        dataset.preview()
