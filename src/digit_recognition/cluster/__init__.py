"""Reading on a Dask cluster. Only `read.scheduler` imports this package, and Dask.

Each task reads one partition of the pictures and saves its rows as Parquet files. A
task whose files are saved already reads nothing, so a run that was stopped resumes.
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
