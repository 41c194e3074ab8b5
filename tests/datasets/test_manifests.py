import hashlib
import subprocess
from pathlib import Path

import pytest
from kedro.io import DatasetError
from permissions import needs_permissions, permissions_hold

from digit_recognition.datasets.manifests import Manifests, State, digest_files

VERSION = "2026-01-01T00.00.00.000Z"
ODD_NAMES = ("a b.png", "new\nline.png", "back\\slash.png", "文字.png", "é.png")


@pytest.fixture
def manifests(tmp_path):
    return Manifests(tmp_path)


@pytest.fixture
def save(manifests, tmp_path):
    """Write files of a dataset's version and record them; return their folder."""

    def save(files, version=VERSION, dataset="model.keras", record=True):
        folder = tmp_path / "data" / "06_models" / dataset / version
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        if record:
            manifests.add(folder, digest_files(folder))
        return folder

    return save


def test_a_version_as_it_was_saved_is_good_and_each_has_one_manifest(manifests, save):
    folders = [save({"a": b"1"}), save({"c/0": b"2", "c/1": b"3"}, dataset="x.zarr")]
    assert [manifests.examine(folder) for folder in folders] == [
        (State.GOOD, folder) for folder in folders
    ]
    assert [path.name for path in manifests.folder.iterdir()] == [f"{VERSION}.sha256"]
    assert manifests.versions() == [VERSION]


def test_one_changed_bit_anywhere_is_damage(manifests, save):
    folder = save({"a": b"0123456789"})
    for position in range(10):
        changed = bytearray(b"0123456789")
        changed[position] ^= 1
        (folder / "a").write_bytes(changed)
        assert manifests.examine(folder) == (State.DAMAGED, folder / "a")


def test_a_missing_or_additional_file_is_damage_but_not_a_hidden_one(manifests, save):
    folder = save({"c/0": b"0", "c/1": b"1"})
    (folder / "c" / ".DS_Store").write_bytes(b"x")
    assert manifests.examine(folder)[0] is State.GOOD
    (folder / "c" / "2").write_bytes(b"2")
    assert manifests.examine(folder) == (State.DAMAGED, folder / "c" / "2")
    (folder / "c" / "2").unlink()
    (folder / "c" / "1").unlink()
    assert manifests.examine(folder) == (State.DAMAGED, folder / "c" / "1")


def test_a_file_that_the_disk_cannot_read_is_damage(manifests, save, monkeypatch):
    folder = save({"a": b"1"})

    def fail(*arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(hashlib, "file_digest", fail)
    assert manifests.examine(folder) == (State.DAMAGED, folder / "a")


@needs_permissions
@pytest.mark.parametrize("closed", [".", "c", "c/0"])
def test_what_permissions_hide_is_not_readable_instead_of_missing(
    manifests, save, closed
):
    folder = save({"c/0": b"0"})
    (folder / closed).chmod(0)
    with permissions_hold():
        state = manifests.examine(folder)
    (folder / closed).chmod(0o755)
    assert state == (State.NOT_READABLE, folder / closed)


def test_a_removed_version_is_missing_and_an_unrecorded_one_has_no_digest(
    manifests, save
):
    folder = save({"a": b"1"})
    (folder / "a").unlink()
    assert manifests.examine(folder) == (State.MISSING, folder)
    folder = save({"a": b"1"}, dataset="other", record=False)
    assert manifests.examine(folder) == (State.NO_DIGEST, folder)
    manifests.require_undamaged("other", folder)


def test_damage_is_named_with_the_newest_good_version(manifests, save):
    versions = [f"2026-01-0{day}T00.00.00.000Z" for day in range(1, 6)]
    for version in versions[:-1]:
        save({"a": b"1"}, version)
    folder = save({"a": b"1"}, versions[-1], record=False)
    for version in versions[2:4]:
        (folder.parent / version / "a").write_bytes(b"2")
    damaged = folder.parent / versions[3]
    with pytest.raises(DatasetError) as refused:
        manifests.require_undamaged("model", damaged)
    assert str(refused.value) == (
        f"expected model as it was saved, received a damaged file: {damaged}/a; make "
        "it again with `kedro run`, or load the newest good version with "
        f"--load-versions model:{versions[1]}"
    )


def test_without_a_good_version_the_result_is_to_be_made_again(manifests, save):
    folder = save({"a": b"1"})
    (folder / "a").write_bytes(b"2")
    with pytest.raises(DatasetError, match=r"make it again with `kedro run`$"):
        manifests.require_undamaged("model", folder)


def test_a_changed_bit_anywhere_in_a_manifest_is_noticed(manifests, save):
    folder = save({"a": b"1", "b": b"2"})
    path = manifests.path(VERSION)
    saved = path.read_bytes()
    for position in range(len(saved)):
        changed = bytearray(saved)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(DatasetError, match=r"manifest .* damaged file, .*sha256;"):
            manifests.examine(folder)
    for length in range(len(saved)):
        path.write_bytes(saved[:length])
        with pytest.raises(DatasetError, match="damaged file"):
            manifests.examine(folder)


def test_a_manifest_that_cannot_be_read_is_named(manifests, save):
    folder = save({"a": b"1"}, record=False)
    manifests.path(VERSION).mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"read the manifest .*Is a directory"):
        manifests.examine(folder)


def test_sha256sum_checks_the_files_whatever_their_names(manifests, save, tmp_path):
    folder = save({name: name.encode() for name in ODD_NAMES})
    assert set(manifests.recorded(folder)) == set(ODD_NAMES)

    def check():
        return subprocess.run(
            ["sha256sum", "--check", "--strict", manifests.path(VERSION)],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )

    assert check().returncode == 0, check().stderr
    (folder / ODD_NAMES[1]).write_bytes(b"changed")
    assert check().returncode == 1


def test_paths_are_relative_to_the_project_so_that_it_can_be_moved(save, tmp_path):
    folder = save({"a": b"1"})
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    folder = moved / folder.relative_to(tmp_path)
    assert Manifests(moved).examine(folder)[0] is State.GOOD
    elsewhere = Path(moved.parent, "elsewhere", VERSION)
    elsewhere.mkdir(parents=True)
    (elsewhere / "a").write_bytes(b"1")
    Manifests(moved).add(elsewhere, digest_files(elsewhere))
    assert Manifests(moved).examine(elsewhere)[0] is State.GOOD


def test_a_failed_save_of_a_manifest_keeps_the_old_one(manifests, save, monkeypatch):
    folder = save({"a": b"1"})

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        manifests.add(folder.parent / VERSION, {"b": "0" * 64})
    assert manifests.examine(folder)[0] is State.GOOD
    assert [path.name for path in manifests.folder.iterdir()] == [f"{VERSION}.sha256"]
