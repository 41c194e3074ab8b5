"""Pictures in a bucket of a real S3 server on this machine."""

import pickle

import pytest
from kedro.io import DatasetError

from digit_recognition.datasets import PicturesDataset, SharedFolderDataset
from digit_recognition.errors import ProjectError

ODD = ["a*b?.png", "[x] {y}.png", "#1 %20+.png", "文字.png"]


def load(bucket, path="scans"):
    url = f"{bucket.url}/{path}"
    return PicturesDataset(filepath=url, credentials=bucket.options).load()


def copied(value):
    """What another process gets."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 (made here)


def contents(pictures):
    return {picture.name: picture.source.read() for picture in pictures}


def test_pictures_are_read_folder_by_folder_in_natural_order(bucket):
    names = ["page10.png", "page2.PNG", "b/1.jpeg", "a/c/2.Tiff", "a/3.webp"]
    bucket.put({f"scans/{name}": name.encode() for name in names})
    pictures = load(bucket)
    expected = ["page2.PNG", "page10.png", "a/3.webp", "a/c/2.Tiff", "b/1.jpeg"]
    for _ in range(2):
        assert contents(pictures) == {name: name.encode() for name in expected}
        assert [picture.name for picture in pictures] == expected
    assert len(pictures) == 5


def test_names_are_taken_as_they_are(bucket):
    bucket.put({f"scans/{name}": name.encode() for name in ODD})
    assert contents(load(bucket)) == {name: name.encode() for name in ODD}


def test_other_and_hidden_files_are_skipped_and_counted(bucket):
    names = ["1.png", "notes.txt", ".2.png", ".hidden/3.png", "a/x.csv"]
    bucket.put({f"scans/{name}": b"" for name in names})
    bucket.filesystem.touch(f"{bucket.url}/scans/")  # stands for the folder itself
    pictures = load(bucket)
    assert [picture.name for picture in pictures] == ["1.png"]
    assert pictures.skipped == 3


def test_one_object_is_one_picture(bucket):
    bucket.put({"scans/1.png": b"1", "scans/2.png": b"2"})
    assert contents(load(bucket, "scans/2.png")) == {"2.png": b"2"}


def test_a_partition_is_loaded_by_another_process(bucket):
    bucket.put({f"scans/{n}.png": str(n).encode() for n in range(5)})
    parts = [copied(part) for part in load(bucket).partitions(2)]
    assert [part.names for part in parts] == [
        *(["0.png", "1.png"], ["2.png", "3.png"], ["4.png"])
    ]
    assert contents(parts[1]) == {"2.png": b"2", "3.png": b"3"}


def test_the_digest_of_a_partition_changes_with_a_picture(bucket):
    bucket.put({"scans/1.png": b"1", "scans/2.png": b"2"})
    (before,) = load(bucket).partitions(2)
    bucket.put({"scans/2.png": b"3"})
    (after,) = load(bucket).partitions(2)
    assert before.digest() != after.digest()
    assert next(load(bucket).partitions(2)).digest() == after.digest()


def test_an_object_that_has_gone_is_a_picture_with_the_reason(bucket):
    bucket.put({"scans/1.png": b"1", "scans/2.png": b"2"})
    (part,) = load(bucket).partitions(2)
    bucket.filesystem.rm(f"{bucket.url}/scans/1.png")
    gone, there = part
    assert gone.reason.startswith("expected a file that can be read, received: ")
    assert there.source.read() == b"2"


def test_a_picture_that_is_set_aside_is_not_loaded(bucket):
    bucket.put({"scans/1.png": b"1"})
    (part,) = load(bucket).partitions(2)
    (picture,) = part.set_aside({"1.png": "why"})
    assert (picture.name, picture.reason) == ("1.png", "why")


def test_a_bucket_without_pictures_is_refused_with_a_hint(bucket):
    bucket.put({"scans/1.txt": b"", "scans/a/2.txt": b""})
    with pytest.raises(DatasetError, match=r"none among 2 files; put pictures"):
        load(bucket)
    with pytest.raises(DatasetError, match=r"s3://.*/nowhere, received: .*; check the"):
        load(bucket, "nowhere")


def test_a_bucket_without_permission_is_refused_in_one_sentence(bucket, refuse):
    bucket.put({"scans/1.png": b"1"})
    refuse()
    with pytest.raises(DatasetError) as refused:
        load(bucket)
    assert str(refused.value) == (
        f"expected a picture or a folder at {bucket.url}/scans, received: Forbidden; "
        "check the address and the credentials"
    )


def test_a_folder_that_cannot_be_listed_stops_the_reading(bucket, monkeypatch):
    bucket.put({"scans/1.png": b"1", "scans/a/2.png": b"2"})
    pictures = load(bucket)
    listing = pictures._filesystem.ls

    def ls(path, **options):
        if path.endswith("/a"):
            raise PermissionError(13, "Access Denied")
        return listing(path, **options)

    monkeypatch.setattr(pictures._filesystem, "ls", ls)
    with pytest.raises(ProjectError, match=r"list the pictures in .*: Access Denied"):
        list(pictures)


def test_a_shared_folder_is_its_filesystem_and_its_path(bucket):
    dataset = SharedFolderDataset(
        filepath=f"{bucket.url}/results/", credentials=bucket.options
    )
    filesystem, path = copied(dataset.load())
    filesystem.pipe_file(f"{path}/1", b"1")
    assert bucket.filesystem.cat_file(f"{bucket.url}/results/1") == b"1"
    with pytest.raises(DatasetError, match="expected a node that only loads"):
        dataset.save(1)
    with pytest.raises(DatasetError, match="expected a filesystem for nothing://"):
        SharedFolderDataset(filepath="nothing://x").load()
