"""Read pictures on a Dask cluster.

The modules of this package import Dask, so they are imported only if the parameter
`read.scheduler` is set.

The pictures are divided into partitions. Each task reads one partition and saves the
results as Parquet files. If a run is stopped, the next run skips the partitions whose
files are already saved.
"""

from importlib.util import find_spec

from digit_recognition.errors import ProjectError

PACKAGES = ("dask", "distributed", "pyarrow")


def require_packages() -> None:
    """Raise ProjectError if a package of the extra `dask` is missing."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise ProjectError(
            "expected the packages of the extra `dask`, found no "
            f'{", ".join(missing)}; install them with `pip install -e ".[dask]"`'
        )
