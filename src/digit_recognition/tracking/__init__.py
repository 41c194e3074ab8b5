"""Tracking of runs on MLflow, which is imported only when a run is tracked."""
