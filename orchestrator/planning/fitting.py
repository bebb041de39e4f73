"""Which value may fill which argument: port types where both sides name one, JSON types otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.plan import Call, Option
from orchestrator.planning.toolset import ToolFacts
from tools.spec import MEDIA_TYPES, JsonSchema, fits

#: Words that stand for any short string, and those that name a kind of it.
_FREE = frozenset({"string", "text"})
_KINDS_OF_STRING = frozenset({"url", "language", "unit", "expression", "column"})
_ANY = frozenset({"any", "json"})
#: The JSON Schema keyword of a list argument into which several outputs may be linked at once.
MANY = "x-many"


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a value: its port type (None: unnamed) and its schema (empty: unknown)."""

    port: str | None = None
    schema: JsonSchema = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """What an argument takes: port types, best first (empty: unnamed), and its schema."""

    ports: tuple[str, ...] = ()
    schema: JsonSchema = field(default_factory=dict)

    @property
    def item(self) -> Target:
        """What one element of a list takes; the ports of a field for many outputs are those of one."""
        return Target(self.ports if MANY in self.schema else (), _inner(self.schema, "0"))

    def field(self, name: str) -> Target:
        """What one field of an object takes."""
        return Target((), _inner(self.schema, name))


class NoSuchField(Exception):
    """An output has no such field; `known` are those it has."""

    def __init__(self, field: str, known: Iterable[str]) -> None:
        super().__init__(field)
        self.field = field
        self.known = tuple(known)


def target_of(facts: ToolFacts, argument: str) -> Target:
    """What an argument of a tool takes."""
    ports = facts.tool.ports.inputs.get(argument, ())
    return Target(tuple(ports), facts.inputs.get(argument, {}))


def output_of(facts: ToolFacts, path: tuple[str, ...]) -> Source:
    """What lies at a path of a tool's output. Raises NoSuchField.

    Only the first field has a port type; deeper, the schema speaks as far as it goes.
    """
    first = path[0]
    if first not in facts.outputs and not facts.open_outputs:
        raise NoSuchField(first, facts.outputs)
    source = Source(facts.tool.ports.outputs.get(first), facts.outputs.get(first, {}))
    for part in path[1:]:
        source = Source(None, _deeper(source.schema, part))
    return source


def own_path(option: Option, path: tuple[str, ...]) -> tuple[str, ...]:
    """A path in the names that other sub-tasks use, in the option's own names."""
    return (option.aliases.get(path[0], path[0]), *path[1:])


def last_call(option: Option) -> Call:
    """The call whose output is the option's."""
    return option.calls[-1]


def mismatch(source: Source, target: Target) -> str | None:
    """Why a value cannot fill an argument; None when it can, or when nothing is known against it."""
    if source.port is not None and target.ports:
        if not any(_ports_meet(source.port, port) for port in target.ports):
            return f"{source.port} cannot fill an argument that takes {_either(target.ports)}"
    elif _files_differ(source.schema, target.schema):
        return (
            f"a file of another type cannot fill an argument that takes {_either(target.schema[MEDIA_TYPES])}"
        )
    out, into = json_types(source.schema), json_types(target.schema)
    if out is None or into is None or out & into or (out == {"integer"} and "number" in into):
        return None
    return f"{_either(sorted(out))} cannot fill an argument that takes {_either(sorted(into))}"


def json_types(schema: JsonSchema) -> frozenset[str] | None:
    """The JSON types that a schema allows; None when it does not say."""
    if "type" in schema:
        named = schema["type"]
        return frozenset([named] if isinstance(named, str) else named)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            inner = [json_types(branch) for branch in schema[word] if isinstance(branch, Mapping)]
            return None if not inner or None in inner else frozenset().union(*(i for i in inner if i))
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return frozenset(json_type(value) for value in values) if values else None


def json_type(value: Any) -> str:
    """The JSON type of a value.

    >>> json_type(True), json_type(2), json_type({"artifact": "art_1"})
    ('boolean', 'integer', 'object')
    """
    if value is None:
        return "null"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        ((list, tuple), "array"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


def literal_source(value: Any, *, media_types: Mapping[str, str]) -> Source:
    """What is known of a value at hand: a file by its media type, anything else by its JSON type."""
    if isinstance(value, Mapping) and isinstance(value.get("artifact"), str):
        media_type = media_types.get(value["artifact"]) or value.get("media_type")
        plain = media_type.partition(";")[0].strip() if media_type else None
        return Source(plain, {"type": "object", MEDIA_TYPES: [plain or "*/*"]})
    return Source(None, {"type": json_type(value)})


def _ports_meet(out: str, into: str) -> bool:
    if fits(out, into) or into in _ANY or (out in _ANY and "/" not in into):
        return True
    if out == "integer" and into == "number":
        return True
    # What a download holds is known only when it is there.
    if out == "*/*" and "/" in into:
        return True
    # A short string may hold anything that is written as one, and all that is one can be read as text.
    return (
        (out in _KINDS_OF_STRING and into in _FREE)
        or (out in _FREE and into in _FREE)
        or (out == "string" and into in _KINDS_OF_STRING)
    )


def _files_differ(out: JsonSchema, into: JsonSchema) -> bool:
    """Whether one side is a file and the other an object that is none, or a file of another type."""
    if MEDIA_TYPES in out and MEDIA_TYPES in into:
        unknown = "*/*" in out[MEDIA_TYPES]
        return not unknown and not any(fits(a, b) for a in out[MEDIA_TYPES] for b in into[MEDIA_TYPES])
    return False


def _deeper(schema: JsonSchema, part: str) -> JsonSchema:
    fields = schema.get("properties")
    if fields and not part.isdigit() and part not in fields and not schema.get("additionalProperties", False):
        raise NoSuchField(part, fields)
    types = json_types(schema)
    if types and not types & {"object", "array"}:
        raise NoSuchField(part, ())
    return _inner(schema, part)


def _inner(schema: JsonSchema, part: str) -> JsonSchema:
    """The schema of a field or an element; empty where nothing is said."""
    found = schema.get("properties", {}).get(part)
    if found is None and part.isdigit():
        found = schema.get("items")
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, Mapping) else {}


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)
