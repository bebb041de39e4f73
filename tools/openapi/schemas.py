"""OpenAPI's schemas as JSON Schemas of 2020-12: references become `$defs`, cycles stay cycles."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tools.openapi.documents import Documents, Lost, Node, is_true, reference_of
from tools.openapi.keywords import is_pattern, plain_keywords, types_of
from tools.spec import MEDIA_TYPES, file_schema

Schema = dict[str, Any] | bool
REFERENCE = "#/$defs/"
_DEEPEST = 50
#: Keywords that hold one schema, a list of them, or one by name.
ONE = (
    "items",
    "additionalProperties",
    "propertyNames",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
)
ONE_OF_THE_SAME = ("not", "if", "then", "else")
LISTS = ("prefixItems",)
LISTS_OF_THE_SAME = ("allOf", "anyOf", "oneOf")
MAPS = ("properties", "patternProperties")
MAPS_OF_THE_SAME = ("dependentSchemas",)
_UNNAMED = re.compile(r"[^A-Za-z0-9_.-]+")


class Direction(StrEnum):
    """Which way a value travels: what is read-only is not sent, what is write-only does not come back."""

    SENT = "readOnly"
    GOT = "writeOnly"


@dataclass(slots=True)
class Definition:
    """A schema that others refer to, under one name in the whole import."""

    name: str
    schema: Schema = True
    #: Names of the definitions it refers to, nearest first.
    needs: dict[str, None] = field(default_factory=dict)
    #: Those of them that speak of the very same value: a circle of these would never end.
    same: set[str] = field(default_factory=set)
    #: Why its schema is not known; it then accepts everything.
    lost: str = ""


@dataclass(slots=True)
class _Place:
    """Where the translation is."""

    definition: Definition
    same: bool
    level: int = 0

    def inside(self) -> _Place:
        return _Place(self.definition, False, self.level + 1)

    def beside(self) -> _Place:
        return _Place(self.definition, self.same, self.level + 1)


class Schemas:
    """The schemas of an import for one direction, each definition translated once."""

    def __init__(self, documents: Documents, direction: Direction, names: Names) -> None:
        self._documents = documents
        self._direction = direction
        self._names = names
        self.definitions: dict[str, Definition] = {}
        self._pending: list[tuple[Node, Definition]] = []

    def translate(self, node: Node) -> Definition:
        """The schema of a node, with what it needs. Raises `Lost` for what is nested too deep."""
        made = Definition("")
        made.schema = self._schema(node, _Place(made, True))
        self._translate_pending()
        return made

    def _translate_pending(self) -> None:
        # One after another instead of one inside another: chains of references may be long.
        while self._pending:
            node, definition = self._pending.pop()
            try:
                definition.schema = self._schema(node, _Place(definition, True))
            except Lost as lost:
                definition.lost = str(lost)

    def _schema(self, node: Node, place: _Place) -> Schema:
        value = node.value
        if isinstance(value, bool):
            return value
        if not isinstance(value, dict):
            return True
        if place.level > _DEEPEST:
            raise Lost(f"a schema is nested deeper than {_DEEPEST} levels")
        reference = reference_of(value) or _dynamic(value)
        if reference is not None:
            return self._reference(reference, node, place)
        if _is_file(value):
            described = value.get("description")
            return file_schema(description=described if isinstance(described, str) else "")
        made = plain_keywords(value)
        types = types_of(value)
        made |= self._parts(node, place)
        self._leave_out(made, node)
        if types:
            made["type"] = types[0] if len(types) == 1 else types
        _say_default(made, value)
        return _nullable(made) if _may_be_null(value) else made

    def _reference(self, reference: str, node: Node, place: _Place) -> Schema:
        name = self._define(self._documents.address(reference, node.base), place)
        beside = {key: one for key, one in node.value.items() if key not in ("$ref", "$dynamicRef")}
        extra = self._schema(Node(beside, node.base), place.beside()) if beside else {}
        made: dict[str, Any] = {"$ref": f"{REFERENCE}{name}"}
        if isinstance(extra, dict) and _may_be_null(beside):
            words: dict[str, Any] = {key: extra.pop(key) for key in ("description", "title") if key in extra}
            return {**words, "anyOf": [made, {"type": "null"}]}
        return {**made, **extra} if isinstance(extra, dict) else made

    def _define(self, address: str, place: _Place) -> str:
        name = self._names.of(address)
        known = self.definitions.get(name)
        if known is None:
            known = self.definitions[name] = Definition(name)
            try:
                self._pending.append((self._documents.look_up(address), known))
            except Lost as lost:
                known.lost = str(lost)
        place.definition.needs[name] = None
        if place.same:
            place.definition.same.add(name)
        return name

    def _parts(self, node: Node, place: _Place) -> dict[str, Any]:
        """The keywords that hold schemas."""
        value, inside, beside = node.value, place.inside(), place.beside()
        made: dict[str, Any] = {
            word: self._schema(node.at(word), there)
            for words, there in ((ONE, inside), (ONE_OF_THE_SAME, beside))
            for word in words
            if isinstance(value.get(word), (dict, bool))
        }
        for words, there in ((LISTS, inside), (LISTS_OF_THE_SAME, beside)):
            for word in words:
                parts = [self._schema(one, there) for one in node.each(word)]
                made |= {alternatives(word, value): parts} if parts else {}
        made |= {
            word: self._map(word, node.at(word), there)
            for words, there in ((MAPS, inside), (MAPS_OF_THE_SAME, beside))
            for word in words
            if isinstance(value.get(word), dict)
        }
        if isinstance(value.get("items"), list):  # until draft 2019-09 a tuple was written so
            made["prefixItems"] = [self._schema(one, inside) for one in node.each("items")] or [True]
        return made

    def _map(self, word: str, node: Node, place: _Place) -> dict[str, Schema]:
        return {
            name: self._schema(Node(one, node.base), place)
            for name, one in node.value.items()
            if word != "patternProperties" or is_pattern(name)
        }

    def _leave_out(self, made: dict[str, Any], node: Node) -> None:
        """Take out the properties that do not travel in this direction."""
        properties = made.get("properties")
        if not properties:
            return
        gone = [
            name
            for name in properties
            if isinstance(node.value["properties"][name], dict)
            and is_true(node.value["properties"][name].get(self._direction.value))
        ]
        for name in gone:
            del properties[name]
        if gone and "required" in made:
            made["required"] = [name for name in made["required"] if name not in gone]
            if not made["required"]:
                del made["required"]


class Names:
    """A name for each address, the same in all schemas of an import."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, address: str) -> str:
        """The last part of the address, with a number where that is taken."""
        known = self._of.get(address)
        if known is None:
            last = (
                address.rpartition("#")[2].rpartition("/")[2] or address.partition("#")[0].rpartition("/")[2]
            )
            first = known = _UNNAMED.sub("_", last)[:80].strip("_.") or "schema"
            number = 2
            while known in self._taken:
                known, number = f"{first}_{number}", number + 1
            self._of[address] = known
            self._taken.add(known)
        return known


def alternatives(word: str, schema: dict[str, Any]) -> str:
    """`anyOf` for `oneOf` where a discriminator says which one is meant: a value may well fit others too."""
    told = schema.get("discriminator")
    named = isinstance(told, (dict, str)) and bool(told) and not schema.get("anyOf")
    return "anyOf" if word == "oneOf" and named else word


def _dynamic(value: dict[str, Any]) -> str | None:
    found = value.get("$dynamicRef")
    return found if isinstance(found, str) else None


def _is_file(value: dict[str, Any]) -> bool:
    """Swagger 2's `type: file`; what is `binary` elsewhere is a file only in a form or as a body."""
    return value.get("type") == "file" or MEDIA_TYPES in value


def _may_be_null(value: dict[str, Any]) -> bool:
    return is_true(value.get("nullable")) or is_true(value.get("x-nullable"))


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    types = schema.get("type")
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if types is not None:
        named = types if isinstance(types, list) else [types]
        schema["type"] = [*named, *([] if "null" in named else ["null"])]
        return schema
    if "enum" in schema or not any(word in schema for word in (*LISTS_OF_THE_SAME, "const", "not")):
        return schema
    words: dict[str, Any] = {
        key: schema.pop(key) for key in ("description", "title", "deprecated") if key in schema
    }
    return {**words, "anyOf": [schema, {"type": "null"}]}


def _say_default(made: dict[str, Any], value: dict[str, Any]) -> None:
    """Tell a default in words: as a keyword it would be filled in and sent, which a server may refuse."""
    default = value.get("default")
    if not isinstance(default, (str, int, float, bool)) or default == "" or len(str(default)) > 100:
        return
    text = str(default).lower() if isinstance(default, bool) else str(default)
    said = str(made.get("description", ""))
    if "default" not in said.lower():
        made["description"] = f"{said} (Default: {text}.)".strip()
