import logging

import numpy as np
import pytest
from kedro.io import DatasetError

from digit_recognition.datasets import CheckpointsDataset


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models" / "checkpoints"


@pytest.fixture
def checkpoints(folder):
    return CheckpointsDataset(filepath=str(folder)).load()


def test_arrays_are_loaded_under_the_name_they_were_saved_with(checkpoints):
    checkpoints.save("one", {"a": np.array([1, 2], np.float32), "b": np.array("text")})
    checkpoints.save("two", {"a": np.array(7)})
    one = checkpoints.load("one")
    assert one.keys() == {"a", "b"}
    np.testing.assert_array_equal(one["a"], np.array([1, 2], np.float32))
    assert one["a"].dtype == np.float32
    assert str(one["b"]) == "text"


def test_saving_under_the_same_name_replaces_the_checkpoint(checkpoints, folder):
    for value in (1, 2):
        checkpoints.save("one", {"a": np.array(value)})
    assert checkpoints.load("one") == {"a": 2}
    assert [file.name for file in folder.iterdir()] == ["one.npz"]


def test_without_a_save_there_is_no_checkpoint(checkpoints, folder):
    assert checkpoints.load("one") is None
    assert not folder.exists()


def test_a_save_that_is_interrupted_leaves_the_old_checkpoint_and_nothing_else(
    checkpoints, folder, monkeypatch
):
    checkpoints.save("one", {"a": np.array(1)})

    def interrupted(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save("one", {"a": np.array(2)})
    assert checkpoints.load("one") == {"a": 1}
    assert [file.name for file in folder.iterdir()] == ["one.npz"]


def test_removing_a_checkpoint_removes_what_a_killed_process_left(checkpoints, folder):
    checkpoints.save("one", {"a": np.array(1)})
    (folder / ".saving-abandoned").mkdir()
    checkpoints.remove("one")
    assert not folder.exists()


def test_removing_one_leaves_the_others(checkpoints):
    for name in ("one", "two"):
        checkpoints.save(name, {"a": np.array(1)})
    checkpoints.remove("one")
    checkpoints.remove("never there")
    assert checkpoints.load("one") is None
    assert checkpoints.load("two") == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half"])
def test_a_file_that_cannot_be_read_gives_a_warning_and_counts_as_none(
    checkpoints, folder, caplog, content
):
    folder.mkdir(parents=True)
    (folder / "one.npz").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert checkpoints.load("one") is None
    assert "expected a checkpoint in" in caplog.text
    assert (folder / "one.npz").read_bytes() == content


def test_a_truncated_checkpoint_counts_as_none(checkpoints, folder, caplog):
    checkpoints.save("one", {"a": np.arange(1000)})
    content = (folder / "one.npz").read_bytes()
    (folder / "one.npz").write_bytes(content[:-100])
    assert checkpoints.load("one") is None


def test_a_folder_that_cannot_be_written_is_named(checkpoints, folder):
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match=r"write a checkpoint into .*writable"):
        checkpoints.save("one", {"a": np.array(1)})


def test_a_folder_that_is_not_local_is_refused():
    with pytest.raises(DatasetError, match="local folder for checkpoints, received s3"):
        CheckpointsDataset(filepath="s3://bucket/checkpoints")


def test_saving_the_dataset_itself_is_refused(folder):
    dataset = CheckpointsDataset(filepath=str(folder))
    with pytest.raises(DatasetError, match="expected to be loaded only"):
        dataset.save({})
    assert str(folder) in str(dataset)
