import pytest
from kedro.io import DatasetError

from digit_recognition.datasets import JournalDataset
from digit_recognition.datasets.atomic import PREFIX


@pytest.fixture
def journal(tmp_path):
    return JournalDataset(filepath=f"{tmp_path}/journal").load()


def test_a_record_is_read_as_it_was_written(journal):
    journal.write("a1", {"accuracy": 0.5})
    journal.write("a1", {"accuracy": 0.25, "problem": ""})
    assert journal.read("a1") == {"accuracy": 0.25, "problem": ""}
    assert [file.name for file in journal.folder.iterdir()] == ["a1.json"]


@pytest.mark.parametrize("content", [None, "", '{"accuracy": 0.', "[1]", "\0"])
def test_a_missing_or_damaged_record_is_none(journal, content):
    if content is not None:
        journal.write("a1", {})
        (journal.folder / "a1.json").write_text(content)
    assert journal.read("a1") is None


def test_a_folder_that_cannot_be_written_is_named(journal):
    journal.folder.write_text("a file")
    with pytest.raises(DatasetError, match="expected to write a record into"):
        journal.write("a1", {})


def test_a_record_that_fails_leaves_the_old_one(journal):
    journal.write("a1", {"accuracy": 0.5})
    with pytest.raises(TypeError):
        journal.write("a1", {"accuracy": object()})
    assert journal.read("a1") == {"accuracy": 0.5}
    assert not list(journal.folder.glob(f"{PREFIX}*"))


def test_a_journal_is_a_local_folder_that_only_its_owner_writes(tmp_path):
    with pytest.raises(DatasetError, match="expected a local folder for a journal"):
        JournalDataset(filepath="s3://bucket/journal")
    with pytest.raises(DatasetError, match="expected to be loaded only"):
        JournalDataset(filepath=str(tmp_path)).save({})
