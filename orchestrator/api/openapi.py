"""The OpenAPI document: which routes want the key, and by which problem documents each may answer."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator.api.edge import is_open
from orchestrator.api.problems import MEDIA_TYPE
from orchestrator.api.schemas.codes import ERROR_CODES
from orchestrator.api.schemas.event import ChangesOut, EventOut

_REF = "#/components/schemas/{model}"

_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": list(ERROR_CODES)},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "detail": {"type": "string"},
                    "subtask": {"type": "string", "description": "the sub-task of a plan that it is in"},
                },
                "required": ["path", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
#: Operations that answer 409 where what is there does not let them.
_CONFLICTS = frozenset(
    {
        ("post", "/v1/runs"),
        ("post", "/v1/runs/{run_id}/cancel"),
        ("post", "/v1/runs/{run_id}/pause"),
        ("post", "/v1/runs/{run_id}/resume"),
        ("post", "/v1/runs/{run_id}/retry"),
        ("post", "/v1/runs/{run_id}/answers"),
        ("get", "/v1/runs/{run_id}/diff/quote"),
        ("post", "/v1/plans/{plan_id}/runs"),
        ("post", "/v1/tools"),
    }
)
#: What FastAPI describes in place of our problem documents.
_FOREIGN = ("HTTPValidationError", "ValidationError")


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document of the application's routes, made once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {})["key"] = {"type": "http", "scheme": "bearer"}
    schemas = components.setdefault("schemas", {})
    for name in _FOREIGN:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for model in (EventOut, ChangesOut):
        told = model.model_json_schema(ref_template=_REF, mode="serialization")
        schemas |= told.pop("$defs", {}) | {model.__name__: told}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["security"] = [] if is_open(path) else [{"key": []}]
            responses = operation.setdefault("responses", {})
            responses |= {str(status): _answer(status) for status in _refusals(method, path, operation)}
    app.openapi_schema = document
    return document


def _refusals(method: str, path: str, operation: dict[str, Any]) -> Iterator[int]:
    if not is_open(path):
        yield HTTPStatus.UNAUTHORIZED
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if (method, path) in _CONFLICTS:
        yield HTTPStatus.CONFLICT
    if "requestBody" in operation or operation.get("parameters"):
        yield HTTPStatus.UNPROCESSABLE_ENTITY


def _answer(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": HTTPStatus(status).phrase, "content": content}
