"""Many trainings on a Dask cluster, with a journal of those that are finished."""
