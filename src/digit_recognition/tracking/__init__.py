"""Tracking of runs on MLflow. Only `connection` and `picture_model` import MLflow."""
