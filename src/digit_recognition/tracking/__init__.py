"""Runs and models on MLflow.

The modules can be imported without MLflow, except `picture_model`: they import MLflow
inside functions.
"""
