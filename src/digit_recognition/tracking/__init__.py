"""Track runs and models on MLflow.

All modules except `picture_model` import MLflow only inside functions, so they can be
imported even if MLflow is not installed.
"""
