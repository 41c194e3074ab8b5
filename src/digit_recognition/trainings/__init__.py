"""Run many trainings on a Dask cluster, and keep a journal of the finished ones."""
