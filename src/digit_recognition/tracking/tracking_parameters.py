"""Define the parameters of tracking.

A run is tracked only if its Kedro environment in ``conf/`` has these parameters.
"""

from __future__ import annotations

from pydantic import Field

from digit_recognition.parameters import Parameters

GROUP = "mlflow"
"""The name of the group of parameters for tracking. A run is tracked if its parameters
contain this group."""


class TrackingParameters(Parameters):
    """Where runs are tracked, and whether the exported model is registered.

    - ``tracking_uri``: the URI of a database or a server. A relative path to an SQLite
      database is relative to the project's folder.
    - ``experiment``: the name of the experiment on MLflow.
    - ``register_model``: whether the model is registered. In ``conf/``, this field is
      called ``register``.
    - ``registered_model``: the name under which the model is registered.
    """

    tracking_uri: str = Field(min_length=1)
    experiment: str = Field(min_length=1)
    register_model: bool = Field(alias="register")
    registered_model: str = Field(min_length=1)
