"""Find and remove old versions of results that are no longer needed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from digit_recognition.datasets.atomic import temporary_folder
from digit_recognition.datasets.manifests import Manifests

from .result_folders import VERSION, result_folders, version_folders

DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
MODEL_DIGEST = re.compile(r'"model_digest":\s*"([0-9a-f]{64})"')

RECORDS = (
    *("dataset_info", "training", "detector_training", "metrics", "export_check"),
    *("reading_summary", "robustness_summary", "model_onnx"),
)
"""Datasets whose files name the versions or digests of other results."""

COMPLETE = ("model", "training", "validation_predictions")
"""Datasets that are all needed to evaluate and export the model of a version."""


@dataclass
class RunVersion:
    """The results of one run.

    ``name`` is the version. ``manifest`` is the path of its manifest, a file with the
    digests of the results. This file does not exist if the results were saved before
    the project had manifests. ``folders`` maps each dataset to its folder, in the
    catalog's order. ``size`` is the total size of all files in bytes. ``refers_to``
    holds the names of the other versions that these results were made from.
    """

    name: str
    manifest: Path
    folders: dict[str, Path] = field(default_factory=dict)
    size: int = 0
    refers_to: set[str] = field(default_factory=set)

    @property
    def time(self) -> datetime:
        """The time at which the run started, in UTC."""
        return datetime.strptime(f"{self.name}+0000", "%Y-%m-%dT%H.%M.%S.%fZ%z")


def find_versions(project: Path) -> dict[str, RunVersion]:
    """Return all versions of the catalog's local datasets, the newest first.

    Keys are the names of the versions. A version is also included if only its manifest
    is left.
    """
    manifests = Manifests(project)
    versions = {
        name: RunVersion(name, manifests.path(name))
        for name in manifests.versions()
        if VERSION.fullmatch(name)
    }
    for dataset, place in result_folders(project).items():
        for folder in version_folders(place):
            name = folder.name
            version = versions.setdefault(name, RunVersion(name, manifests.path(name)))
            version.folders[dataset] = folder
            files = (file for file in folder.rglob("*") if file.is_file())
            version.size += sum(file.stat().st_size for file in files)
    versions = {name: versions[name] for name in sorted(versions, reverse=True)}
    _add_references(versions)
    return versions


def _add_references(versions: Mapping[str, RunVersion]) -> None:
    """Set ``refers_to`` of each version: the versions that its results were made from.

    These versions are found in the version's records (the datasets in RECORDS):

    - The records contain the names of versions that the run loaded.
    - The records contain digests of arrays and models. A digest refers to the version
      that made the array or model. The ``dataset_info`` of that version has the digests
      of its arrays, and ``training`` has the digest of its model.

    Several versions may have made the same array or model. Its digest then refers to
    the newest of them. A digest of something that the version itself made is ignored.
    """
    texts = {
        name: {dataset: _read(version, dataset) for dataset in RECORDS}
        for name, version in versions.items()
    }
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for name, records in texts.items():
        digests = DIGEST.findall(records["dataset_info"])
        for digest in {*digests, *MODEL_DIGEST.findall(records["training"])}:
            owners[digest].append(name)
    for name, version in versions.items():
        text = "\n".join(texts[name].values())
        version.refers_to.update({*VERSION.findall(text)} & versions.keys())
        for digest in set(DIGEST.findall(text)):
            if owners[digest] and name not in owners[digest]:
                version.refers_to.add(owners[digest][0])
        version.refers_to.discard(name)


def _read(version: RunVersion, dataset: str) -> str:
    """Return the contents of all files of a dataset in one version, as one text.

    ONNX models are binary files, but the metadata in them is readable text.
    """
    folder = version.folders.get(dataset)
    files = sorted(folder.rglob("*")) if folder else []
    return "\n".join(
        file.read_bytes().decode("latin-1") for file in files if file.is_file()
    )


def find_needed(versions: Mapping[str, RunVersion], kept: Iterable[str]) -> set[str]:
    """Return ``kept`` and all versions that must be kept with them.

    The versions that must be kept are:

    - for each dataset, the newest version that contains it, because a run loads this
      version by default;
    - the newest version that contains all datasets listed in COMPLETE, so that a model
      can be evaluated and exported;
    - all versions from which ``kept`` or the versions above were made, directly or
      through other versions (see ``RunVersion.refers_to``).

    ``versions`` is in the order of `find_versions`, the newest first.
    """
    needed = set(kept)
    datasets = {dataset for version in versions.values() for dataset in version.folders}
    for wanted in (COMPLETE, *((dataset,) for dataset in datasets)):
        holders = (n for n, v in versions.items() if v.folders.keys() >= {*wanted})
        needed.update(islice(holders, 1))
    waiting = list(needed)
    while waiting:
        new = versions[waiting.pop()].refers_to - needed
        needed |= new
        waiting += new
    return needed


def remove_versions(versions: Iterable[RunVersion]) -> Iterator[RunVersion]:
    """Remove the versions, the newest first, and yield each version after its removal.

    In each version, results are removed before the data that they were made from. The
    manifest is removed last. If the process is killed, no dataset is left half removed,
    and the next call can remove the remaining datasets and the manifest.
    """
    for version in sorted(versions, key=lambda version: version.name, reverse=True):
        for folder in reversed(version.folders.values()):
            # In the parent of the dataset's folder, where the next run cleans up.
            with temporary_folder(folder.parents[1]) as temporary:
                folder.rename(temporary / folder.name)
        version.manifest.unlink(missing_ok=True)
        yield version
