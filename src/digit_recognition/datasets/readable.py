"""Check that permissions allow reading the versions of a dataset."""

from __future__ import annotations

from pathlib import Path

from digit_recognition.errors import ProjectError


def require_readable(
    name: str, versions: Path, *, file: str, all_of_them: bool
) -> None:
    """Raise ProjectError if permissions hide versions of the dataset ``name``.

    ``versions`` is the folder of the versions. A version is complete if it contains
    ``file``: the path is ``versions/VERSION/file``. The check starts with the newest
    version and stops at the first complete version. If ``all_of_them`` is true, it
    checks all versions. Without this check, Kedro treats an unreadable folder as
    missing.
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
