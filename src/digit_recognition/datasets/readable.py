"""Check that permissions allow reading the versions of a dataset."""

from __future__ import annotations

from pathlib import Path

from digit_recognition.errors import ProjectError


def require_readable(
    name: str, versions: Path, *, file: str, all_of_them: bool
) -> None:
    """Raise ProjectError if permissions forbid reading versions of a dataset.

    The dataset is called ``name``. The folder ``versions`` has a subfolder for each
    version. A version is complete if its subfolder contains ``file``. The newest
    version is checked first. The check stops at the first complete version, unless
    ``all_of_them`` is true. This check is needed because Kedro treats an unreadable
    folder as a missing one.
    """
    try:
        folders = sorted(versions.iterdir(), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError as error:
        raise _not_readable(name, versions) from error
    for folder in folders:
        try:
            (folder / file).stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            raise _not_readable(name, folder) from error
        if not all_of_them:
            return


def _not_readable(name: str, folder: Path) -> ProjectError:
    return ProjectError(
        f"expected to read the versions of {name}, received a folder that is not "
        f"readable: {folder}; change its permissions, or move it away"
    )
