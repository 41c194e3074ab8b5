import hashlib
import sys

import dask.array as da
import numpy as np
import pytest
import zarr

from digit_recognition.datasets import ZarrDataset
from digit_recognition.datasets.chunks import (
    chunk_starts,
    is_chunked,
    iterate_chunks,
    open_chunked,
    read_rows,
)
from digit_recognition.digests import array_digest
from digit_recognition.errors import ProjectError

ARRAY = np.arange(7 * 3, dtype=np.float32).reshape(7, 3)
CHUNKED = da.from_array(ARRAY, chunks=(3, 2))


@pytest.mark.parametrize("array", [ARRAY, CHUNKED])
def test_rows_parts_and_digest_are_those_of_the_array_in_memory(array):
    np.testing.assert_array_equal(
        read_rows(array, np.array([1, 4, 6])), ARRAY[[1, 4, 6]]
    )
    np.testing.assert_array_equal(np.concatenate([*iterate_chunks(array)]), ARRAY)
    assert array_digest(array) == hashlib.sha256(ARRAY.tobytes()).hexdigest()


def test_rows_in_any_order_are_returned_in_that_order():
    rows = np.array([6, 0, 5, 5, 1])
    np.testing.assert_array_equal(read_rows(CHUNKED, rows), ARRAY[rows])
    assert read_rows(CHUNKED, rows[:0]).shape == (0, 3)


def test_an_array_on_the_disk_is_read_chunk_by_chunk():
    assert is_chunked(CHUNKED)
    assert not is_chunked(ARRAY)
    assert chunk_starts(CHUNKED).tolist() == [0, 3, 6, 7]
    assert chunk_starts(ARRAY).tolist() == [0, 7]
    assert [len(chunk) for chunk in iterate_chunks(CHUNKED)] == [3, 3, 1]


@pytest.mark.parametrize("folder", ["disk", "memory"])
def test_a_larger_array_than_allowed_stays_on_the_disk(folder, tmp_path):
    place = str(tmp_path) if folder == "disk" else f"memory://{tmp_path.name}"
    options = {"filepath": f"{place}/a.zarr", "save_args": {"chunks": [2, 3]}}
    ZarrDataset(**options).save(CHUNKED)
    loaded = ZarrDataset(**options, load_args={"max_bytes": ARRAY.nbytes - 1}).load()
    assert chunk_starts(loaded).tolist() == [0, 2, 4, 6, 7]
    np.testing.assert_array_equal(loaded.compute(), ARRAY)
    whole = ZarrDataset(**options, load_args={"max_bytes": ARRAY.nbytes}).load()
    assert isinstance(whole, np.ndarray)
    np.testing.assert_array_equal(whole, ARRAY)


def test_a_chunked_array_is_saved_bit_for_bit_like_one_in_memory(tmp_path):
    def files(name, array):
        options = {"chunks": [2, 3]}
        ZarrDataset(filepath=str(tmp_path / name), save_args=options).save(array)
        found = sorted((tmp_path / name).rglob("*"))
        return {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in found
            if path.is_file()
        }

    assert files("a", CHUNKED) == files("b", ARRAY)


def test_a_python_without_dask_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(ProjectError, match=r"install them: .*requirements-dask\.txt"):
        open_chunked(zarr.array(ARRAY))
