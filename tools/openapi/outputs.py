"""The output of an operation: what its successful responses say, as one schema of an object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.openapi.bodies import is_json
from tools.openapi.documents import Documents, Lost, Node
from tools.openapi.keywords import types_of
from tools.openapi.operation import Operation
from tools.openapi.schemas import Schema, Schemas
from tools.spec import file_schema

_ERRORS_TOLD = 8


@dataclass(slots=True)
class Output:
    """An output schema in parts."""

    schema: dict[str, Any] = field(default_factory=lambda: {"type": "object"})
    needs: dict[str, None] = field(default_factory=dict)
    accept: str = ""
    #: Whether the document describes what comes back (or that nothing does).
    described: bool = False
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Shape:
    """One successful response as the adapter will tell it."""

    properties: dict[str, Schema]
    required: list[str]
    #: The schema when it says more than fields do.
    whole: dict[str, Any] | None = None
    others: Schema | None = None


class OutputReader:
    """Reads responses; a reference that leads nowhere leaves its place open."""

    def __init__(self, documents: Documents, schemas: Schemas) -> None:
        self._documents = documents
        self._schemas = schemas

    def read(self, operation: Operation) -> Output:
        """Of all 2xx responses together (or `default` where there is none)."""
        made = Output()
        responses = operation.node.at("responses")
        if not isinstance(responses.value, dict):
            return made
        made.errors = list(self._errors(responses))
        codes = [code for code in responses.value if code.upper().startswith("2")] or ["default"]
        shapes = []
        for code in sorted(codes):
            try:
                node = self._documents.follow(responses.at(code))
            except Lost:
                node = Node({}, responses.base)
            shape = self._shape(node, made) if isinstance(node.value, dict) else None
            if shape is not None:
                shapes.append(shape)
        if shapes:
            made.schema = _joined(shapes)
        return made

    def _errors(self, responses: Node) -> Iterator[str]:
        told = [code for code in responses.value if str(code)[:1] in ("4", "5")]
        for code in sorted(told)[:_ERRORS_TOLD]:
            try:
                said = self._documents.follow(responses.at(code)).get("description")
            except Lost:
                said = None
            words = " ".join(said.split())[:150] if isinstance(said, str) else ""
            yield f"{code}: {words}" if words else str(code)

    def _shape(self, node: Node, made: Output) -> _Shape | None:
        content = node.at("content")
        kinds = list(content.value) if isinstance(content.value, dict) else []
        if not kinds:
            made.described = made.described or bool(node.get("description"))
            return _Shape({}, [])
        json = sorted((kind for kind in kinds if is_json(kind) or kind == "*/*"), key=_plainest)
        if not json:
            made.accept = made.accept or ", ".join(kinds[:5])
            made.described = True
            media = [kind.partition(";")[0].strip() for kind in kinds]
            return _Shape({"file": file_schema(*media)}, [])
        made.accept = json[0] if is_json(json[0]) else "application/json"
        try:
            schema = self._documents.follow(content.at(json[0])).at("schema")
            made.described = made.described or bool(schema.value)
            return self._json(schema, made)
        except Lost:
            return None

    def _json(self, schema: Node, made: Output) -> _Shape | None:
        """A JSON object is told as it is, any other JSON under `result`; None where it may be both."""
        objects = self._objects(schema, 20)
        if objects is None:
            return None
        translated = self._schemas.translate(schema)
        if not objects:
            made.needs |= translated.needs
            return _Shape({"result": translated.schema}, ["result"])
        found = self._schemas.translate(self._documents.follow(schema))
        made.needs |= found.needs
        whole = found.schema if isinstance(found.schema, dict) else {}
        properties = whole.get("properties", {})
        required = whole.get("required", [])
        more = {key for key in whole if key not in ("type", "properties", "required", "title", "description")}
        return _Shape(
            properties,
            required,
            whole if more - {"additionalProperties"} else None,
            whole.get("additionalProperties"),
        )

    def _objects(self, node: Node, levels: int) -> bool | None:
        """Whether values of a schema are always objects (True), never (False), or either (None)."""
        found = self._documents.follow(node)
        value = found.value
        if not isinstance(value, dict) or levels == 0:
            return None
        types = types_of(value)
        if types:
            return True if types == ["object"] else None if "object" in types else False
        if "properties" in value or isinstance(value.get("additionalProperties"), dict):
            return True
        if "items" in value:
            return False
        for part in found.each("allOf"):
            inner = self._objects(part, levels - 1)
            if inner is not None:
                return inner
        for word in ("oneOf", "anyOf"):
            kinds = {self._objects(part, levels - 1) for part in found.each(word)}
            if kinds:
                return kinds.pop() if len(kinds) == 1 else None
        return None


def _plainest(kind: str) -> tuple[bool, int]:
    return kind.partition(";")[0].strip() != "application/json", len(kind)


def _joined(shapes: list[_Shape]) -> dict[str, Any]:
    """What fits each of the shapes: with several, fields that some lack are not required."""
    first = shapes[0]
    if len(shapes) == 1:
        if first.whole is not None:
            return {**first.whole, "type": "object"}
        made: dict[str, Any] = {"type": "object", "properties": first.properties}
        if first.required:
            made["required"] = first.required
        return made if first.others is None else {**made, "additionalProperties": first.others}
    properties: dict[str, Schema] = {}
    for shape in shapes:
        for name, schema in shape.properties.items():
            known = properties.setdefault(name, schema)
            if known != schema:
                properties[name] = {"anyOf": [known, schema]}
    required = [name for name in first.required if all(name in shape.required for shape in shapes)]
    made = {"type": "object", "properties": properties}
    return {**made, "required": required} if required else made
