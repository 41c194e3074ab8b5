import pytest
from gradio.data_classes import FileData, ListFiles

from digit_recognition.app.page.pictures_upload import (
    GONE,
    UploadedPicture,
    pictures_upload,
)
from digit_recognition.app.reading.limits import MAX_BYTES


@pytest.fixture
def field(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return pictures_upload()


def uploaded(folder, hash_, name, data, shown=None):
    path = folder / hash_ / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return FileData(path=str(path), orig_name=shown or name)


def test_files_are_read_under_their_own_names_and_deleted(field, tmp_path):
    files = [
        uploaded(tmp_path, "h1", "a.png", b"one", "ä/../a?.png"),
        uploaded(tmp_path, "h1", "b.png", b"one"),
        uploaded(tmp_path, "h2", "a.png", b"two"),
    ]
    assert field.preprocess(ListFiles(root=files)) == [
        UploadedPicture("a?.png", b"one"),
        UploadedPicture("b.png", b"one"),
        UploadedPicture("a.png", b"two"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_same_file_twice_is_read_twice(field, tmp_path):
    file = uploaded(tmp_path, "h1", "a.png", b"one")
    read = field.preprocess(ListFiles(root=[file, file]))
    assert read == [UploadedPicture("a.png", b"one")] * 2


def test_a_file_that_is_gone_has_no_contents(field, tmp_path):
    file = uploaded(tmp_path, "h1", "a.png", b"one")
    field.preprocess(ListFiles(root=[file]))
    (gone,) = field.preprocess(ListFiles(root=[file]))
    assert (gone.data, gone.problem) == (b"", GONE)


def test_a_file_above_the_limit_is_deleted_unread_and_the_others_are_read(
    field, tmp_path
):
    files = [
        uploaded(tmp_path, "h1", "a.png", b"one"),
        uploaded(tmp_path, "h2", "large.png", bytes(MAX_BYTES + 1)),
    ]
    small, large = field.preprocess(ListFiles(root=files))
    assert small == UploadedPicture("a.png", b"one")
    assert large.data == b""
    assert large.problem.startswith("expected a picture of at most 8 MB")
    assert large.problem.endswith("received 8,000,001; reduce it")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_not_uploaded_is_neither_read_nor_deleted(
    field, tmp_path, monkeypatch
):
    secret = uploaded(tmp_path, "secret", "a.png", b"one")
    (tmp_path / "uploads").mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    through = FileData(path=str(tmp_path / "uploads" / ".." / "secret" / "a.png"))
    for file in (secret, through):
        (read,) = field.preprocess(ListFiles(root=[file]))
        assert (read.data, read.problem) == (b"", GONE)
    assert (tmp_path / "secret" / "a.png").read_bytes() == b"one"


def test_without_files_there_is_nothing_to_read(field):
    assert field.preprocess(None) == []
