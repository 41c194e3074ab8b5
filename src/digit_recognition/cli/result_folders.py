"""Find the local folders in which the catalog saves versions of results."""

from __future__ import annotations

import re
from pathlib import Path

from kedro.config import OmegaConfigLoader

VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


def result_folders(project: Path) -> dict[str, Path]:
    """Return a dictionary from datasets to the folders that hold their versions.

    The datasets are in the catalog's order. Only versioned datasets on a local disk are
    included. ``project`` is the project's top folder.
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
    """Return the folder of each version of a dataset, in any order.

    ``folder`` is the dataset's folder. If it does not exist, the list is empty. Raises
    PermissionError if permissions forbid reading it.
    """
    if not folder.is_dir():
        return []
    return [
        path
        for path in folder.iterdir()
        if VERSION.fullmatch(path.name) and path.is_dir()
    ]
