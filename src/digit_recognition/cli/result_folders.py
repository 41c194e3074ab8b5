"""Where the catalog keeps the versions of results on a local disk."""

from __future__ import annotations

import re
from pathlib import Path

from kedro.config import OmegaConfigLoader

VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


def result_folders(project: Path) -> dict[str, Path]:
    """Return the folder with the versions of each dataset, in the catalog's order.

    Only versioned datasets on a local disk are included.
    """
    config = OmegaConfigLoader(
        str(project / "conf"), base_env="base", default_run_env="local"
    )
    return {
        dataset: project / entry["filepath"]
        for dataset, entry in config["catalog"].items()
        if entry.get("versioned") and "://" not in str(entry["filepath"])
    }


def version_folders(folder: Path) -> list[Path]:
    """Return the folders of all versions in a dataset's folder, in any order.

    The list is empty if the dataset's folder does not exist. Raises PermissionError if
    permissions forbid reading the folder.
    """
    if not folder.is_dir():
        return []
    return [
        path
        for path in folder.iterdir()
        if VERSION.fullmatch(path.name) and path.is_dir()
    ]
