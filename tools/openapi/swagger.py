"""Swagger 2.0 seen as OpenAPI 3.0: bodies, forms, responses, collection formats, servers, security."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tools.openapi.documents import Documents, Lost, Node, is_true
from tools.openapi.operation import Operation

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
#: Fields of a parameter that belong to its schema from 3.0 on.
_OF_A_SCHEMA = frozenset(
    "type format items default enum maximum minimum exclusiveMaximum exclusiveMinimum maxLength minLength "
    "pattern maxItems minItems uniqueItems multipleOf x-nullable readOnly".split()
)
_STYLES: dict[str, dict[str, Any]] = {
    "multi": {"style": "form", "explode": True},
    "csv": {"explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "tabDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
}

#: OAuth's flows as 2.0 calls them.
_FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}


def is_old(documents: Documents) -> bool:
    """Whether the root is a Swagger document."""
    return documents.root.get("swagger") is not None and documents.root.get("openapi") is None


def modern(operation: Operation, documents: Documents) -> Operation:
    """The operation as OpenAPI 3.0 would have it."""
    root, node = documents.root, operation.node
    consumes = _media_types(node.get("consumes"), root.get("consumes"))
    produces = _media_types(node.get("produces"), root.get("produces"))
    made = dict(node.value)
    body = _body(operation, documents, consumes)
    if body is not None:
        made["requestBody"] = body
    responses = node.at("responses")
    if isinstance(responses.value, dict):
        made["responses"] = {
            code: _response(operation, documents, Node(given, responses.base), produces)
            for code, given in responses.value.items()
        }
    others = tuple(
        Node(_parameter(one.value), one.base)
        for one in operation.parameters
        if one.get("in") not in ("body", "formData")
    )
    return replace(operation, node=Node(made, node.base), parameters=others)


def servers(root: Node) -> list[dict[str, Any]]:
    """The base address by schemes, host and basePath; none without a host."""
    host, base = root.get("host"), root.get("basePath")
    path = base if isinstance(base, str) and base != "/" else ""
    if not isinstance(host, str) or not host.strip():
        return [{"url": path}] if path else []
    schemes = root.get("schemes")
    given = [one for one in schemes if one in ("https", "http")] if isinstance(schemes, list) else []
    scheme = "http" if given and "https" not in given else "https"
    return [{"url": f"{scheme}://{host.strip()}/{path.lstrip('/')}"}]


def scheme(given: dict[str, Any]) -> dict[str, Any]:
    """A security scheme of 2.0 as 3.0 has it."""
    if given.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if given.get("type") == "oauth2":
        flow = _FLOWS.get(str(given.get("flow")), str(given.get("flow")))
        return given | {"flows": {flow: {"tokenUrl": given.get("tokenUrl")}}}
    return given


def _media_types(*given: Any) -> list[str]:
    for one in given:
        if isinstance(one, list):
            found = [name for name in one if isinstance(name, str) and "/" in name]
            if found:
                return found
    return []


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in given.items() if key not in _OF_A_SCHEMA}
    made.setdefault("schema", {key: value for key, value in given.items() if key in _OF_A_SCHEMA})
    if given.get("type") == "array":
        asked = given.get("collectionFormat")
        made |= _STYLES.get(asked if isinstance(asked, str) else "csv", _STYLES["csv"])
    return made


def _body(operation: Operation, documents: Documents, consumes: list[str]) -> dict[str, Any] | None:
    for one in operation.parameters:
        if one.get("in") == "body":
            kinds = [kind for kind in consumes if kind not in (FORM, MULTIPART)] or ["application/json"]
            schema = _rooted(one, "schema", operation, documents)
            content = {kind: {"schema": schema} for kind in kinds}
            made = {"content": content, "required": is_true(one.get("required"))}
            return made | {"description": one.get("description"), "x-body-name": one.get("name")}
    fields = [one for one in operation.parameters if one.get("in") == "formData"]
    return _form(fields, consumes) if fields else None


def _form(fields: list[Node], consumes: list[str]) -> dict[str, Any]:
    has_files = any(one.get("type") == "file" for one in fields)
    wanted = [kind for kind in consumes if kind.startswith("multipart/") or (kind == FORM and not has_files)]
    kind = (wanted or [MULTIPART if has_files else FORM])[0]
    properties, encoding = dict[str, Any](), dict[str, Any]()
    for one in fields:
        name = str(one.get("name"))
        made = _parameter(one.value)
        properties[name] = made["schema"] | {
            key: made[key] for key in ("description",) if isinstance(made.get(key), str)
        }
        if "explode" in made:
            encoding[name] = {"style": made.get("style", "form"), "explode": made["explode"]}
    required = [str(one.get("name")) for one in fields if is_true(one.get("required"))]
    schema = {"type": "object", "properties": properties, "required": required}
    return {"content": {kind: {"schema": schema, "encoding": encoding}}, "required": bool(required)}


def _response(operation: Operation, documents: Documents, given: Node, produces: list[str]) -> Any:
    try:
        node = documents.follow(given)
    except Lost:
        return {}
    schema = _rooted(node, "schema", operation, documents)
    if not isinstance(schema, dict):
        return node.value
    kinds = produces or ["application/json"]
    if schema.get("type") == "file":
        kinds = [kind for kind in kinds if "json" not in kind] or ["application/octet-stream"]
    return {**node.value, "content": {kind: {"schema": schema} for kind in kinds}}


def _rooted(node: Node, key: str, operation: Operation, documents: Documents) -> Any:
    """A schema that may have come from another document, with references that mean the same here."""
    value = node.get(key)
    return value if node.base == operation.node.base else _absolute(value, node.base, documents)


def _absolute(value: Any, base: str, documents: Documents) -> Any:
    if isinstance(value, list):
        return [_absolute(one, base, documents) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: documents.address(one, base)
        if key == "$ref" and isinstance(one, str)
        else _absolute(one, base, documents)
        for key, one in value.items()
    }
