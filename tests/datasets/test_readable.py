import pytest
from permissions import needs_permissions, permissions_hold

from digit_recognition.datasets.readable import require_readable
from digit_recognition.errors import ProjectError

pytestmark = needs_permissions


@pytest.fixture
def versions(tmp_path):
    """Two versions of a file; the permissions are given back at the end."""
    versions = tmp_path / "model.keras"
    for version in ("1", "2"):
        (versions / version).mkdir(parents=True)
        (versions / version / "model.keras").write_text(version)
    yield versions
    for folder in (tmp_path, versions, versions / "1", versions / "2"):
        folder.chmod(0o755)


def check(versions, all_of_them=False):
    with permissions_hold():
        require_readable("model", versions, file="model.keras", all_of_them=all_of_them)


@pytest.mark.parametrize("closed", [".", "2"])
def test_a_folder_that_is_not_readable_is_named(versions, closed):
    folder = versions / closed
    folder.chmod(0)
    with pytest.raises(ProjectError, match=f"folder that is not readable: {folder};"):
        check(versions)


def test_older_versions_matter_only_if_all_are_loaded(versions):
    (versions / "1").chmod(0)
    check(versions)
    with pytest.raises(ProjectError, match=r"versions of model, .*/1;"):
        check(versions, all_of_them=True)


def test_a_closed_version_that_is_not_the_newest_complete_one_is_not_skipped(versions):
    (versions / "1").chmod(0)
    (versions / "2" / "model.keras").unlink()
    with pytest.raises(ProjectError, match="not readable"):
        check(versions)


def test_missing_versions_and_files_are_not_refused(versions, tmp_path):
    check(tmp_path / "nothing")
    check(versions / "1" / "model.keras")
    check(versions, all_of_them=True)
