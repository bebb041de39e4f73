"""Port types read off JSON Schemas, for tools whose record names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.spec import MEDIA_TYPES, JsonSchema, Ports, is_file_schema

_PLAIN = {"integer": "integer", "number": "number", "boolean": "boolean", "object": "json", "array": "json"}
_LONGEST_CHAIN = 10
_FORMATS = {"uri": "url", "url": "url", "iri": "url"}


def ports_from(input_schema: JsonSchema, output_schema: JsonSchema) -> Ports:
    """Inputs in the order of the schema, required ones first; an output has one type."""
    fields: Mapping[str, Any] = input_schema.get("properties", {})
    required = set(input_schema.get("required", ()))
    names = sorted(fields, key=lambda name: name not in required)
    inputs = {name: _input_types(name, _meant(fields[name], input_schema)) for name in names}
    outputs = {
        name: _output_type(name, _meant(schema, output_schema))
        for name, schema in output_schema.get("properties", {}).items()
    }
    return Ports(inputs=inputs, outputs=outputs)


def _meant(schema: Any, root: JsonSchema) -> Any:
    """The schema, or the definition that it refers to."""
    for _ in range(_LONGEST_CHAIN):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
            break
        schema = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    return schema


def _input_types(name: str, schema: Any) -> tuple[str, ...]:
    if not isinstance(schema, Mapping):
        return ("any",)
    if is_file_schema(schema):
        return tuple(schema[MEDIA_TYPES])
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        return tuple(dict.fromkeys(kind for branch in branches for kind in _input_types(name, branch)))
    kind = _word(name, schema)
    return ("text", "string") if kind == "text" else (kind,)


def _output_type(name: str, schema: Any) -> str:
    types = _input_types(name, schema)
    return "json" if types == ("any",) else types[0]


def _word(name: str, schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind != "string":
        return _PLAIN.get(str(kind), "json" if kind is None else "any")
    if schema.get("format") in _FORMATS or name in ("url", "uri", "link"):
        return "url"
    if name in ("language", "lang"):
        return "language"
    return "string" if "enum" in schema or "const" in schema else "text"
