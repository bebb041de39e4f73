"""Small documents, compiled without a process."""

from __future__ import annotations

from typing import Any

import jsonschema
import orjson

from tools.openapi.compiler import Compiled, Options, compiled
from tools.openapi.documents import GIVEN, Documents
from tools.openapi.loading import parsed
from tools.spec import Tool


def compile_documents(root: dict[str, Any], files: dict[str, Any] | None = None, **options: Any) -> Compiled:
    """The root, and other documents by path, compiled; every schema is one of 2020-12."""
    contents = {f"{GIVEN}api.json": parsed(orjson.dumps(root))}
    contents |= {GIVEN + path: parsed(orjson.dumps(value)) for path, value in (files or {}).items()}
    made = compiled(Documents(contents), Options(**options))
    for tool in made.tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
    return made


def document(paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    """A document with these paths."""
    return {
        "openapi": version,
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://pets.example/v1"}],
        "paths": paths,
        **more,
    }


def one(operation: dict[str, Any], path: str = "/pets", method: str = "get", **more: Any) -> Tool:
    """The tool of a document with one operation."""
    made = compile_documents(document({path: {method: operation}}, **more))
    assert made.skipped == []
    (tool,) = made.tools
    return tool


def field(schema: dict[str, Any], **more: Any) -> Any:
    """What a schema becomes as the query parameter `x`."""
    operation = {"parameters": [{"name": "x", "in": "query", "schema": schema}]}
    return one(operation, **more).input_schema["properties"]["x"]


def body(schema: dict[str, Any], kind: str = "application/json", **more: Any) -> Tool:
    """The tool of an operation with a required body of this schema."""
    content = {kind: {"schema": schema}}
    return one({"requestBody": {"required": True, "content": content}}, method="post", **more)


def answer(*schemas: dict[str, Any], kind: str = "application/json", **more: Any) -> dict[str, Any]:
    """The output schema of an operation that answers these, from 200 on."""
    responses = {
        str(200 + number): {"description": "ok", "content": {kind: {"schema": schema}}}
        for number, schema in enumerate(schemas)
    }
    return dict(one({"responses": responses}, **more).output_schema)
