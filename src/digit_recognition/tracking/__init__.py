"""Runs and models on MLflow.

Only the modules `tracking_server` and `picture_model` import MLflow.
"""
