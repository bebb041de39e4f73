"""The body of an operation: an object's fields become arguments, anything else is one argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tools.openapi.documents import Documents, Lost, Node, is_true, reference_of
from tools.openapi.inputs import Arguments
from tools.openapi.keywords import types_of
from tools.openapi.operation import Operation
from tools.openapi.schemas import Schema, Schemas, alternatives
from tools.openapi.swagger import FORM, MULTIPART
from tools.spec import file_schema

#: Keywords of an object that lose nothing when its fields become arguments.
_FLAT = frozenset(
    "type properties required title description example examples additionalProperties nullable x-nullable "
    "xml externalDocs deprecated allOf anyOf oneOf discriminator default minProperties readOnly writeOnly "
    "$schema $comment $id".split()
)
_MOST_PARTS = 50
_ENCODING = ("contentType", "style", "explode", "allowReserved")


@dataclass(slots=True)
class Body:
    """The arguments that a body gives, and the binding's word for it."""

    binding: dict[str, Any]
    properties: dict[str, Schema] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    needs: dict[str, None] = field(default_factory=dict)
    together: dict[str, Any] = field(default_factory=dict)
    others: Schema = False

    def add_to(self, arguments: Arguments) -> None:
        """Put it beside the parameters."""
        arguments.properties |= self.properties
        arguments.required += self.required
        arguments.needs |= self.needs
        arguments.together |= self.together
        arguments.others = self.others
        arguments.body = self.binding
        arguments.parameters |= dict.fromkeys(self.properties, "body")


@dataclass(slots=True)
class _Fields:
    """The fields of an object and of all it consists of."""

    nodes: dict[str, list[Node]] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    #: Alternatives that bind the fields together: the keyword, and its branches.
    choices: list[tuple[str, list[Node]]] = field(default_factory=list)
    others: Node | bool | None = None


class BodyReader:
    """Reads request bodies. Raises `Lost` where a reference leads nowhere."""

    def __init__(self, documents: Documents, schemas: Schemas) -> None:
        self._documents = documents
        self._schemas = schemas

    def read(self, operation: Operation) -> Body | None:
        """None where the operation takes no body."""
        given = operation.node.at("requestBody")
        if given.value is None:
            return None
        node = self._documents.follow(given)
        content = node.at("content")
        if not isinstance(content.value, dict) or not content.value:
            return None
        kind = min(content.value, key=lambda name: (_rank(name), list(content.value).index(name)))
        media = self._documents.follow(content.at(kind))
        binding: dict[str, Any] = {"media_type": kind.strip(), "required": is_true(node.get("required"))}
        encoding = _encoding(media)
        if encoding:
            binding["encoding"] = encoding
        body = self._of(kind, media, Body(binding))
        _describe(body, node)
        return body

    def _of(self, kind: str, media: Node, body: Body) -> Body:
        schema = media.at("schema")
        anything = _is_anything(kind) and not (isinstance(schema.value, dict) and _is_binary(schema.value))
        structured = is_json(kind) or kind.startswith((FORM, "multipart/")) or anything
        if not structured:
            return self._whole(body, _raw(kind, schema.value))
        fields = self._fields(schema)
        if fields is None or not fields.nodes:
            if kind.startswith("multipart/") and _is_sequence(media, self._documents.follow(schema)):
                raise Lost("its body is a sequence of parts without names, which is not supported")
            translated = self._schemas.translate(schema)
            body.needs |= translated.needs
            return self._whole(body, {} if isinstance(translated.schema, bool) else translated.schema)
        return self._flat(body, fields, multipart=kind.startswith("multipart/"))

    def _whole(self, body: Body, schema: Schema) -> Body:
        body.binding["argument"] = "body"
        body.properties["body"] = schema
        body.required = ["body"] if body.binding["required"] else []
        return body

    def _flat(self, body: Body, fields: _Fields, *, multipart: bool) -> Body:
        undefined = [name for name in fields.required if name not in fields.nodes]
        body.properties |= {name: {} for name in undefined}
        for name, nodes in fields.nodes.items():
            schemas = [self._field(name, node, body, multipart=multipart) for node in nodes]
            if any(self._read_only(node) for node in nodes):
                continue
            body.properties[name] = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
        if body.binding["required"]:
            body.required = [name for name in fields.required if name in body.properties]
            body.together = self._together(fields, body)
        if isinstance(fields.others, Node):
            translated = self._schemas.translate(fields.others)
            body.needs |= translated.needs
            body.others = translated.schema
        else:
            body.others = fields.others is True
        return body

    def _together(self, fields: _Fields, body: Body) -> dict[str, Any]:
        found = []
        for word, branches in fields.choices:
            translated = [self._schemas.translate(branch) for branch in branches]
            for one in translated:
                body.needs |= one.needs
            found.append({word: [one.schema for one in translated]})
        return found[0] if len(found) == 1 else {"allOf": found} if found else {}

    def _field(self, name: str, node: Node, body: Body, *, multipart: bool) -> Schema:
        if multipart:
            file = self._file(node, body.binding.get("encoding", {}).get(name, {}))
            if file is not None:
                return file
        translated = self._schemas.translate(node)
        body.needs |= translated.needs
        return translated.schema

    def _file(self, node: Node, encoding: dict[str, Any]) -> dict[str, Any] | None:
        """A field of a form that holds a file, or a list of them."""
        found = self._documents.follow(node)
        if not isinstance(found.value, dict):
            return None
        if _is_binary(found.value) or _is_open(found.value, encoding):
            said = found.value.get("description")
            return file_schema(description=said if isinstance(said, str) else "")
        if types_of(found.value) == ["array"]:
            items = self._documents.follow(found.at("items"))
            if isinstance(items.value, dict) and _is_binary(items.value):
                return {"type": "array", "items": file_schema()}
        return None

    def _read_only(self, node: Node) -> bool:
        return is_true(node.get("readOnly"))

    def _fields(self, node: Node, parts: int = _MOST_PARTS) -> _Fields | None:
        """None where the schema says more than that there are fields."""
        found = self._documents.follow(node)
        value = found.value
        if not isinstance(value, dict) or parts == 0:
            return None
        siblings = node.value if reference_of(node.value) is not None else value
        if set(value) - _FLAT and any(not key.startswith("x-") for key in set(value) - _FLAT):
            return None
        if set(siblings) - {"$ref", "description", "title", "summary"} and siblings is not value:
            return None
        if types_of(value) not in ([], ["object"], ["object", "null"], ["null", "object"]):
            return None
        made = _Fields(required=_required(value))
        properties = found.at("properties")
        if isinstance(properties.value, dict):
            made.nodes = {name: [Node(one, found.base)] for name, one in properties.value.items()}
        others = value.get("additionalProperties")
        if isinstance(others, dict) and others:
            made.others = found.at("additionalProperties")
        elif others is not None:
            made.others = others is True or others == {}
        return self._merged(made, found, parts - 1)

    def _merged(self, made: _Fields, node: Node, parts: int) -> _Fields | None:
        for part in node.each("allOf"):
            inner = self._fields(part, parts)
            if inner is None:
                return None
            for name, nodes in inner.nodes.items():
                made.nodes.setdefault(name, []).extend(nodes)
            made.required += inner.required
            made.choices += inner.choices
            made.others = made.others if inner.others is None else inner.others
        for word in ("anyOf", "oneOf"):
            branches = [self._documents.follow(one) for one in node.each(word)]
            if not branches:
                continue
            if not made.nodes or not all(_is_choice(one.value) for one in branches):
                return None
            made.choices.append((alternatives(word, node.value), branches))
            for branch in branches:
                for name in branch.get("properties") or ():
                    made.nodes.setdefault(name, [Node(True, branch.base)])
        return made


def _encoding(media: Node) -> dict[str, dict[str, Any]]:
    """How forms write their fields."""
    given = media.get("encoding")
    return {
        name: {word: one[word] for word in _ENCODING if word in one}
        for name, one in (given.items() if isinstance(given, dict) else ())
        if isinstance(one, dict)
    }


def _is_open(schema: dict[str, Any], encoding: dict[str, Any]) -> bool:
    """Whether only the encoding says what a field holds, and that is no text (since OpenAPI 3.1)."""
    told = encoding.get("contentType")
    if set(schema) - {"description", "title", "deprecated"} or not isinstance(told, str):
        return False
    kinds = [kind.strip() for kind in told.split(",")]
    return not any(is_json(kind) or kind.startswith("text/") for kind in kinds)


def _is_sequence(media: Node, schema: Node) -> bool:
    """Whether a multipart body has parts by their order (OpenAPI 3.2), not by names."""
    ordered = any(media.get(word) is not None for word in ("itemSchema", "prefixEncoding", "itemEncoding"))
    return ordered or (isinstance(schema.value, dict) and types_of(schema.value) == ["array"])


def _is_anything(kind: str) -> bool:
    return kind.partition(";")[0].strip() in ("*/*", "*", "application/*")


def is_json(kind: str) -> bool:
    """Whether a media type is JSON of some kind."""
    name = kind.partition(";")[0].strip().lower()
    return name in ("application/json", "text/json") or name.endswith("+json")


def _rank(kind: str) -> int:
    """JSON goes first, then forms, then text, then the rest."""
    name = kind.partition(";")[0].strip().lower()
    if name == "application/json":
        return 0
    if is_json(name) or _is_anything(name):
        return 1
    if name in (MULTIPART, FORM):
        return 2
    return 3 if name.startswith("text/") else 4


def _raw(kind: str, schema: Any) -> dict[str, Any]:
    """The schema of a body that is sent as it is: text where the type says so, else a file."""
    binary = isinstance(schema, dict) and schema.get("format") in ("binary", "byte")
    if kind.startswith("text/") and not binary:
        return {"type": "string"}
    textual = kind.endswith(("xml", "yaml", "sdp", "graphql", "javascript", "x-ndjson", "jsonl"))
    return {"type": "string"} if textual and not binary else file_schema(kind.partition(";")[0].strip())


def _is_binary(schema: dict[str, Any]) -> bool:
    if schema.get("type") == "file":
        return True
    text = types_of(schema) in ([], ["string"])
    media = schema.get("contentMediaType")
    octets = isinstance(media, str) and not schema.get("contentEncoding") and not media.startswith("text/")
    return text and (schema.get("format") == "binary" or octets)


def _required(value: dict[str, Any]) -> list[str]:
    given = value.get("required")
    return [name for name in given if isinstance(name, str)] if isinstance(given, list) else []


def _is_choice(value: Any) -> bool:
    """Whether an alternative only says more about fields, and so can stand beside them."""
    known = {"required", "properties", "type", "title", "description", "additionalProperties"}
    return isinstance(value, dict) and set(value) <= known and value.get("additionalProperties", True) is True


def _describe(body: Body, node: Node) -> None:
    said = node.get("description")
    schema = body.properties.get("body")
    if isinstance(said, str) and said.strip() and isinstance(schema, dict) and "argument" in body.binding:
        body.properties["body"] = {"description": said.strip(), **schema}
