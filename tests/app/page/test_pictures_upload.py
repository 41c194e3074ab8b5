import pytest
from gradio.data_classes import FileData, ListFiles

from digit_recognition.app.page.pictures_upload import UploadedPicture, pictures_upload


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
    assert field.preprocess(ListFiles(root=[file])) == [UploadedPicture("a.png", None)]


def test_a_file_that_was_not_uploaded_is_neither_read_nor_deleted(
    field, tmp_path, monkeypatch
):
    secret = uploaded(tmp_path, "secret", "a.png", b"one")
    (tmp_path / "uploads").mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    through = FileData(path=str(tmp_path / "uploads" / ".." / "secret" / "a.png"))
    for file in (secret, through):
        (read,) = field.preprocess(ListFiles(root=[file]))
        assert read.data is None
    assert (tmp_path / "secret" / "a.png").read_bytes() == b"one"


def test_without_files_there_is_nothing_to_read(field):
    assert field.preprocess(None) == []
