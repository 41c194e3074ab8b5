"""Track runs and models on MLflow.

All modules except `picture_model` can be imported if MLflow is not installed, because
they import it inside functions.
"""
