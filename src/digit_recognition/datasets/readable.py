"""Folders of versions that permissions forbid to read."""

from __future__ import annotations

from pathlib import Path

from digit_recognition.errors import ProjectError


def require_readable(
    name: str, versions: Path, *, file: str, all_of_them: bool
) -> None:
    """Raise ProjectError if the versions of the dataset ``name`` cannot be seen.

    ``versions`` is a folder that contains ``VERSION/file``. The versions are tried from
    the newest to the first complete one, or all of them. Without this check, Kedro
    takes a folder that is not readable for one that does not exist.
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
