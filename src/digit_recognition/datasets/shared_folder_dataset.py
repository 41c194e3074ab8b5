"""A folder that several processes or machines write to."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple, NoReturn

import fsspec
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_protocol_and_path

from .bucket_pictures import remote_reason


class SharedFolder(NamedTuple):
    """A folder and its filesystem.

    The object can be pickled for use in other processes.
    """

    filesystem: fsspec.AbstractFileSystem
    path: str


class SharedFolderDataset(AbstractDataset[NoReturn, SharedFolder]):
    """A folder into which worker processes write their results.

    It is in a bucket, or at a path that all workers can access.

    Example of an entry in ``catalog.yml``::

        reading_partitions:
          type: digit_recognition.datasets.SharedFolderDataset
          filepath: s3://archive/results
          credentials: archive
    """

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        """Set the folder: ``filepath`` is a local path, or a URL that fsspec supports.

        ``credentials`` and ``fs_args`` are passed to fsspec.
        """
        self._protocol, self._path = get_protocol_and_path(filepath)
        self._options = deepcopy(credentials or {}) | deepcopy(fs_args or {})
        self.metadata = metadata

    def load(self) -> SharedFolder:
        """Return the folder, which need not exist yet.

        Raises DatasetError if fsspec does not support the protocol of the URL, or if
        the package for this protocol is not installed.
        """
        try:
            filesystem = fsspec.filesystem(
                self._protocol, use_listings_cache=False, **self._options
            )
        except (ImportError, ValueError) as error:
            raise DatasetError(
                f"expected a filesystem for {self._protocol}://, received: "
                f"{remote_reason(error)}; correct the path or install its package"
            ) from error
        return SharedFolder(filesystem, self._path.rstrip("/"))

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError: worker processes write into the folder themselves."""
        raise DatasetError(
            "expected a node that only loads this folder, received one that saves it; "
            "choose another dataset for its output"
        )

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._path, "protocol": self._protocol}
