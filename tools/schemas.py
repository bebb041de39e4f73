"""JSON Schemas of tools, made ready once for many calls: checks, defaults, and where files are."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from tools.errors import BadArguments, BadOutput, ToolError, Unavailable
from tools.json_values import check_inline
from tools.spec import MEDIA_TYPES, Json, JsonSchema, Tool

_SHOWN_ERRORS = 5
_SHOWN_CHARACTERS = 300
_BRANCHES = ("anyOf", "oneOf", "allOf")
_KEPT = 4096
#: Levels of a schema that are searched for files; one that refers to itself has no end.
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value holds a file: keys and indexes from the root, and the media types it may have."""

    path: tuple[str | int, ...]
    artifact: str
    media_types: tuple[str, ...]


class Schema:
    """One JSON Schema (2020-12). Raises `ValueError` when it is none, or refers to other documents."""

    def __init__(self, schema: JsonSchema) -> None:
        self._schema = schema
        self._validator = compiled(_plain(schema))
        self.has_files = _mentions_files(schema)
        self._has_defaults = _mentions_defaults(schema)

    def faults(self, value: Json) -> list[tuple[str, str]]:
        """What does not fit, as (JSON pointer, sentence), the first few."""
        if self._validator.is_valid(value):
            return []
        found: list[tuple[str, str]] = []
        for error in self._validator.iter_errors(value):
            found.append((_pointer(error.instance_path), error.message[:_SHOWN_CHARACTERS]))
            if len(found) == _SHOWN_ERRORS:
                break
        return found

    def filled(self, value: Mapping[str, Json]) -> dict[str, Json]:
        """The value with the defaults that the schema gives for its properties."""
        return _filled(self._schema, value) if self._has_defaults else dict(value)

    def files_in(self, value: Json) -> list[Place]:
        """The references to files in a value that fits."""
        if not self.has_files:
            return []
        places: dict[tuple[str | int, ...], Place] = {}
        for place in _files_in(self._schema, value, (), self._schema, _DEEPEST):
            known = places.get(place.path)
            types = (*known.media_types, *place.media_types) if known else place.media_types
            places[place.path] = Place(place.path, place.artifact, types)
        return list(places.values())


def compiled(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """The engine for a schema of plain values. Raises `ValueError` for what is none.

    It is exact and compiled, since tables of many thousand cells are checked on the event loop; it
    takes linear or bounded time for patterns, and fetches nothing.
    """
    return jsonschema_rs.Draft202012Validator(
        schema,
        retriever=_fetch_nothing,
        pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000),
    )


@dataclass(frozen=True, slots=True)
class ToolSchemas:
    """Both schemas of a tool."""

    input: Schema
    output: Schema

    def arguments(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """The arguments with defaults filled in. Raises `BadArguments` when they do not fit."""
        filled = self.input.filled(arguments)
        faults = _faults(self.input, filled, BadArguments("the arguments hold a value that is not JSON"))
        if faults:
            paths = tuple(dict.fromkeys(path for path, _ in faults))
            raise BadArguments(f"the arguments do not fit: {_sentence(faults)}", paths=paths)
        return filled

    def check_output(self, output: Mapping[str, Json]) -> None:
        """Raises `BadOutput` when the output does not fit or cannot be kept, `TooLarge` for a huge one."""
        check_inline(output)
        self.check_fit(output)

    def check_fit(self, output: Mapping[str, Json]) -> None:
        """Raises `BadOutput` when the output does not fit, whatever its size."""
        faults = _faults(self.output, output, BadOutput("the reply holds a value that is not JSON"))
        if faults:
            raise BadOutput(f"the reply does not fit the output schema: {_sentence(faults)}")


#: By identity first, since the hash of a record costs as much as a call; both keep the record alive.
_by_record: dict[int, tuple[Tool, ToolSchemas]] = {}
_by_hash: dict[str, ToolSchemas] = {}


def schemas_of(tool: Tool) -> ToolSchemas:
    """The tool's schemas, made ready once. Raises `Unavailable` when one is broken."""
    kept = _by_record.get(id(tool))
    if kept is not None:
        return kept[1]
    schemas = _by_hash.get(tool.hash)
    if schemas is None:
        try:
            schemas = ToolSchemas(Schema(tool.input_schema), Schema(tool.output_schema))
        except ValueError as error:
            reason = str(error).partition("\n")[0]
            raise Unavailable(f"a schema of the tool {tool.name} is broken: {reason}") from None
        _keep(_by_hash, tool.hash, schemas)
    _keep(_by_record, id(tool), (tool, schemas))
    return schemas


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value


def _faults(schema: Schema, value: Json, not_json: ToolError) -> list[tuple[str, str]]:
    try:
        return schema.faults(value)
    except (ValueError, TypeError, OverflowError):
        raise not_json from None


def _sentence(faults: list[tuple[str, str]]) -> str:
    return "; ".join(f"{path or 'the whole'}: {message}" for path, message in faults)


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _fetch_nothing(uri: str) -> Any:
    raise ValueError(f"{uri} is another document: a schema may only refer to itself")


def _plain(value: Any) -> Any:
    """Read-only mappings and tuples as the engine wants them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _mentions_files(schema: Any) -> bool:
    return _anywhere(schema, MEDIA_TYPES)


def _mentions_defaults(schema: Any) -> bool:
    return _anywhere(schema, "default")


def _anywhere(schema: Any, word: str) -> bool:
    if isinstance(schema, Mapping):
        return word in schema or any(_anywhere(item, word) for item in schema.values())
    return isinstance(schema, (list, tuple)) and any(_anywhere(item, word) for item in schema)


def _filled(schema: JsonSchema, value: Mapping[str, Json]) -> dict[str, Json]:
    filled = dict(value)
    for name, field in schema.get("properties", {}).items():
        if not isinstance(field, Mapping):
            continue
        if name not in filled and "default" in field:
            filled[name] = copy.deepcopy(field["default"])
        elif isinstance(filled.get(name), Mapping) and "properties" in field:
            filled[name] = _filled(field, filled[name])
    return filled


def _files_in(
    schema: Any, value: Json, path: tuple[str | int, ...], root: JsonSchema, levels: int
) -> Iterator[Place]:
    if not isinstance(schema, Mapping) or levels == 0:
        return
    if isinstance(value, Mapping) and isinstance(value.get("artifact"), str):
        accepted = tuple(_accepted(schema, root, levels))
        if accepted:
            yield Place(path, value["artifact"], accepted)
            return
    for branch in _also(schema, root):
        yield from _files_in(branch, value, path, root, levels - 1)
    for field, key, item in _fields(schema, value):
        yield from _files_in(field, item, (*path, key), root, levels - 1)


def _fields(schema: JsonSchema, value: Json) -> Iterator[tuple[Any, str | int, Json]]:
    """The parts of an object or a list, each with its schema and its key."""
    if isinstance(value, Mapping):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            yield known.get(key, others), key, item
    elif isinstance(value, list):
        first = schema.get("prefixItems", ())
        for index, item in enumerate(value):
            yield first[index] if index < len(first) else schema.get("items"), index, item


def _also(schema: JsonSchema, root: JsonSchema) -> Iterator[Any]:
    """The schemas that a schema consists of."""
    for word in _BRANCHES:
        yield from schema.get(word, ())
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        yield root.get("$defs", {}).get(reference.removeprefix("#/$defs/"))


def _accepted(schema: Any, root: JsonSchema, levels: int) -> Iterator[str]:
    """All media types that a file in this place may have."""
    if not isinstance(schema, Mapping) or levels == 0:
        return
    yield from schema.get(MEDIA_TYPES, ())
    for branch in _also(schema, root):
        yield from _accepted(branch, root, levels - 1)
