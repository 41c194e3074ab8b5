"""Tracking of runs on MLflow. Only `tracking_server` and `picture_model` import MLflow."""
