"""Parts of the OpenAPI document that FastAPI does not generate."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .problems import MEDIA_TYPE
from .request_bodies import MAX_PICTURES

SCHEMAS = "#/components/schemas/"
FILE = {"type": "string", "format": "binary"}


def _form(field: str, schema: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "object", "required": [field], "properties": {field: schema}}
    return {"multipart/form-data": {"schema": form}}


PICTURE_BODY = {
    "required": True,
    "content": {**_form("picture", FILE), "application/octet-stream": {"schema": FILE}},
}
PICTURES_BODY = {
    "required": True,
    "content": _form(
        "pictures",
        {"type": "array", "items": FILE, "minItems": 1, "maxItems": MAX_PICTURES},
    ),
}


def document_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a route's error responses, by HTTP status."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def document_schemas(app: FastAPI, *models: type[BaseModel]) -> None:
    """Add the schemas of ``models`` to the OpenAPI document.

    FastAPI itself adds only the models that a route declares as its response model.
    """
    make_document = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _, definitions = models_json_schema(
                [(model, "serialization") for model in models],
                ref_template=f"{SCHEMAS}{{model}}",
            )
            document = make_document()
            document["components"]["schemas"].update(definitions["$defs"])
        return make_document()

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI documents it
