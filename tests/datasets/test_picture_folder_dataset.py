import os

import fsspec
import numpy as np
import pytest
from kedro.io import DatasetError, Version
from PIL import Image

from digit_recognition.datasets import AtomicCatalog, PictureFolderDataset

GREY = Image.new("L", (12, 8), 100)


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path):
    if request.param == "disk":
        yield str(tmp_path)
    else:
        yield f"memory://{tmp_path.name}"
        memory = fsspec.filesystem("memory")
        memory.store.clear()
        memory.pseudo_dirs[:] = [""]


def test_saved_pictures_are_loaded_by_their_names(folder):
    dataset = PictureFolderDataset(filepath=f"{folder}/annotated")
    assert not dataset.exists()
    dataset.save([("b/2.jpg", Image.new("RGB", (12, 8), "red")), ("1.png", GREY)])
    assert dataset.exists()
    loaded = dataset.load()
    assert list(loaded) == ["1.png.jpg", "b/2.jpg"]
    assert loaded["1.png.jpg"]().size == (12, 8)
    np.testing.assert_allclose(loaded["b/2.jpg"](), [[(255, 0, 0)] * 12] * 8, atol=2)


def test_each_version_is_a_folder_and_the_newest_is_loaded(folder):
    path = f"{folder}/annotated"
    for version in ("1", "2"):
        dataset = PictureFolderDataset(filepath=path, version=Version(None, version))
        dataset.save([(version, GREY)])
    newest = PictureFolderDataset(filepath=path, version=Version(None, None))
    assert list(newest.load()) == ["2.jpg"]
    assert newest.list_versions(full_path=False) == ["2", "1"]


def test_pictures_are_saved_one_by_one(tmp_path):
    written = tmp_path / "annotated"

    def pictures():
        for number in range(3):
            assert len(list(written.iterdir())) == number
            yield f"{number}", GREY

    PictureFolderDataset(filepath=str(written)).save(pictures())


def test_names_that_would_collide_are_numbered(tmp_path):
    dataset = PictureFolderDataset(filepath=str(tmp_path / "annotated"))
    names = ["a.png", "a.jpg", "a", "a?", "a*", "b.jpg/c", "b.jpg"]
    dataset.save((name, GREY) for name in names)
    assert list(dataset.load()) == [
        *("a (2).jpg", "a.jpg", "a.png.jpg", "a_ (2).jpg", "a_.jpg"),
        *("b.jpg", "b.jpg_/c.jpg"),
    ]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("new\nline.png", "new_line.png.jpg"),
        (os.fsdecode(b"\xff.png"), "_.png.jpg"),
        ("a\x1b[2J\x9b\u202e.png", "a_[2J__.png.jpg"),
        ("文字 1.png", "文字 1.png.jpg"),
        ("CON", "_CON.jpg"),
        ("dots. ./x", "dots/x.jpg"),
        ("é" * 127 + "x", "é" * 100 + ".jpg"),
        ("a\\..\\b", "a_.._b.jpg"),
    ],
)
def test_names_are_changed_so_that_every_file_system_allows_them(tmp_path, name, kept):
    dataset = PictureFolderDataset(filepath=str(tmp_path / "annotated"))
    dataset.save([(name, GREY)])
    assert list(dataset.load()) == [kept]


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/out", "", "."])
def test_a_name_outside_of_the_folder_is_refused(tmp_path, name):
    dataset = PictureFolderDataset(filepath=str(tmp_path / "annotated"))
    with pytest.raises(DatasetError, match="expected a name inside of the folder"):
        dataset.save([(name, GREY)])
    assert [path.name for path in tmp_path.rglob("*")] == ["annotated"]


def test_an_existing_folder_is_never_written_to(tmp_path):
    dataset = PictureFolderDataset(filepath=str(tmp_path))
    with pytest.raises(DatasetError, match=r"expected no folder at .*versioned: true"):
        dataset.save([("1", GREY)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_all_modes_are_saved(tmp_path, mode):
    dataset = PictureFolderDataset(filepath=str(tmp_path / "annotated"))
    dataset.save([("1", Image.new(mode, (9, 9)))])
    assert dataset.load()["1.jpg"]().size == (9, 9)


def test_a_picture_longer_than_jpeg_allows_is_reduced(tmp_path):
    dataset = PictureFolderDataset(filepath=str(tmp_path / "annotated"))
    dataset.save([("1", Image.new("L", (66_000, 8)))])
    assert dataset.load()["1.jpg"]().size == (33_000, 4)


def test_save_args_choose_another_format(tmp_path):
    dataset = PictureFolderDataset(
        filepath=str(tmp_path / "annotated"), save_args={"format": "PNG"}
    )
    dataset.save([("1", GREY)])
    assert np.asarray(dataset.load()["1.png"]()).tolist() == [[100] * 12] * 8


def test_loading_a_missing_folder_is_refused(folder):
    with pytest.raises(DatasetError, match=r"expected a folder of .* found none"):
        PictureFolderDataset(filepath=f"{folder}/annotated").load()


@pytest.fixture
def run(tmp_path):
    """Return a function that saves a version as a run does, and loads it."""
    path = str(tmp_path / "annotated")
    catalog = AtomicCatalog(
        {"annotated": PictureFolderDataset(filepath=path, version=Version(None, "now"))}
    )

    def save(pictures):
        catalog.save("annotated", pictures)
        return catalog.load("annotated")

    return save


def files(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("count", [0, 2])
def test_a_version_is_saved_whole_even_if_empty(tmp_path, run, count):
    loaded = run((f"{number}", GREY) for number in range(count))
    assert list(loaded) == [f"{number}.jpg" for number in range(count)]
    found = files(tmp_path)
    assert found == [f"annotated/now/annotated/{number}.jpg" for number in range(count)]


def test_a_run_that_fails_halfway_leaves_nothing_behind(tmp_path, run):
    def halfway():
        yield "1", GREY
        raise ValueError("halfway")

    with pytest.raises(DatasetError, match="halfway"):
        run(halfway())
    assert files(tmp_path) == []
