"""The parameters of tracking, which only some environments of ``conf/`` have."""

from __future__ import annotations

from pydantic import Field

from digit_recognition.parameters import Parameters

GROUP = "mlflow"
"""The name of the group of parameters. A run is tracked if its parameters have this
group."""


class TrackingParameters(Parameters):
    """Where runs are tracked, and whether the exported model is registered.

    ``tracking_uri`` is the URI of a database or a server. A relative path to an SQLite
    database starts at the project's folder. ``experiment`` and ``registered_model`` are
    names on MLflow. In ``conf/``, the field ``register_model`` is called ``register``.
    """

    tracking_uri: str = Field(min_length=1)
    experiment: str = Field(min_length=1)
    register_model: bool = Field(alias="register")
    registered_model: str = Field(min_length=1)
