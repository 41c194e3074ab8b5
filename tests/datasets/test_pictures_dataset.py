import os
from pathlib import Path

import pytest
from kedro.io import DatasetError

from digit_recognition.datasets import PicturesDataset, picture_formats
from digit_recognition.datasets.picture_formats import FORMATS, PictureFormat


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def load(path):
    return PicturesDataset(filepath=str(path)).load()


def names(pictures):
    return [picture.name for picture in pictures]


def test_pictures_of_all_folders_are_in_natural_order_each_time(tmp_path):
    put(tmp_path, "page10.png", "page2.PNG", "b/1.jpeg", "b/c/2.Tiff", "A2.webp")
    pictures = load(tmp_path)
    expected = ["A2.webp", "b/1.jpeg", "b/c/2.Tiff", "page2.PNG", "page10.png"]
    assert names(pictures) == names(pictures) == expected
    assert len(pictures) == 5
    assert [picture.source for picture in pictures] == [tmp_path / n for n in expected]


def test_all_suffixes_of_the_table_of_formats_are_pictures(tmp_path, monkeypatch):
    suffixes = [suffix for form in FORMATS for suffix in form.suffixes]
    put(tmp_path, *(f"1{suffix}" for suffix in (*suffixes, ".avif")))
    assert sorted(names(load(tmp_path))) == sorted(f"1{suffix}" for suffix in suffixes)
    avif = PictureFormat("AVIF", (".avif",), rb"....ftypavi[fs]", "PIL.AvifImagePlugin")
    monkeypatch.setattr(picture_formats, "FORMATS", (*FORMATS, avif))
    assert "1.avif" in names(load(tmp_path))
    put(tmp_path, "other/1.txt")
    with pytest.raises(DatasetError, match=r"PNG, JPEG, .* WebP or AVIF in"):
        load(tmp_path / "other")


def test_other_and_hidden_files_are_skipped_and_counted(tmp_path):
    put(
        tmp_path, "1.png", "notes.txt", "png", "._1.png", ".thumbnails/1.png", "a/x.csv"
    )
    pictures = load(tmp_path)
    assert names(pictures) == ["1.png"]
    assert pictures.skipped == 4


def test_two_pictures_of_one_name_in_different_folders_are_two(tmp_path):
    put(tmp_path, "a/1.png", "b/1.png")
    assert names(load(tmp_path)) == ["a/1.png", "b/1.png"]


def test_one_file_is_one_picture_whatever_its_suffix(tmp_path):
    put(tmp_path, "scan", "other.png")
    (picture,) = load(tmp_path / "scan")
    assert picture == ("scan", tmp_path / "scan", "")


def test_unusual_names_are_kept_unchanged(tmp_path):
    odd = [" a b.png", "'\"#,: .png", "new\nline.png", "文字/数.png", "${x}.png"]
    odd.append(os.fsdecode(b"\xff\xfe.png"))
    put(tmp_path, *odd)
    pictures = load(tmp_path)
    assert sorted(names(pictures)) == sorted(odd)
    assert all(picture.source.exists() for picture in pictures)


def test_links_are_followed_but_each_folder_is_visited_once(tmp_path):
    put(tmp_path / "scans", "z/1.png", "3.png")
    put(tmp_path / "elsewhere", "2.png")
    (tmp_path / "scans" / "again").symlink_to(tmp_path / "scans")
    (tmp_path / "scans" / "a").symlink_to(tmp_path / "scans" / "z")
    (tmp_path / "scans" / "out").symlink_to(tmp_path / "elsewhere")
    assert names(load(tmp_path / "scans")) == ["3.png", "out/2.png", "z/1.png"]


def test_broken_links_are_pictures_by_their_suffix(tmp_path):
    put(tmp_path, "1.png")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    pictures = load(tmp_path)
    assert names(pictures) == ["1.png", "dangling.png", "loop.png"]
    assert pictures.skipped == 1


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """Return a folder that cannot be opened, also if the tests run as root."""
    put(tmp_path, "1.png", "locked/2.png")
    scan = os.scandir

    def scandir(path):
        if Path(path) == tmp_path / "locked":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return tmp_path / "locked"


def test_a_subfolder_without_permission_is_an_entry_with_the_reason(locked):
    assert [(p.name, p.reason) for p in load(locked.parent)] == [
        ("1.png", ""),
        ("locked", "Permission denied"),
    ]


def test_a_top_folder_without_permission_is_refused_with_the_reason(locked):
    with pytest.raises(DatasetError, match="received: Permission denied; change its"):
        load(locked)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "nowhere",
            "No such file or directory; put pictures into data/01_raw/pictures",
        ),
        ("", "received an empty folder; put pictures"),
        ("other", "received none among 2 files; put .* --params pictures=FOLDER"),
    ],
)
def test_a_path_without_pictures_is_refused_with_a_hint(tmp_path, path, message):
    if path == "other":
        put(tmp_path, "other/1.txt", "other/2.doc")
    with pytest.raises(DatasetError, match=f"expected .*{tmp_path}.*{message}"):
        load(tmp_path / path)


def test_a_dataset_without_a_path_exists_and_is_empty():
    dataset = PicturesDataset(filepath=None)
    pictures = dataset.load()
    assert (len(pictures), list(pictures), pictures.skipped) == (0, [], 0)
    assert dataset.exists()


def test_pictures_cannot_be_saved(tmp_path):
    with pytest.raises(DatasetError, match="expected a node that only loads"):
        PicturesDataset(filepath=str(tmp_path)).save([])
