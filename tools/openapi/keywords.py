"""The plain keywords of a schema: each kept only in the form that JSON Schema 2020-12 gives it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tools.schemas import compiled

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
#: What people write for types, and mean.
_MEANT = {
    "float": "number",
    "double": "number",
    "decimal": "number",
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "long": "integer",
    "bool": "boolean",
    "date": "string",
    "date-time": "string",
    "datetime": "string",
    "uuid": "string",
    "text": "string",
    "list": "array",
    "dict": "object",
    "map": "object",
    "file": "string",
}
_NOTHING = object()


def types_of(schema: dict[str, Any]) -> list[str]:
    """The types that a schema names, as JSON Schema has them; none where it names none."""
    given = schema.get("type")
    named = given if isinstance(given, list) else [given]
    found = [_MEANT.get(one, one) for one in named if isinstance(one, str)]
    return list(dict.fromkeys(one for one in found if one in TYPES))


def plain_keywords(schema: dict[str, Any]) -> dict[str, Any]:
    """All keywords that hold no schema; those in a form that nobody can mean are left out."""
    kept = {}
    for word, form in _FORMS.items():
        if word in schema:
            value = form(schema[word])
            if value is not _NOTHING:
                kept[word] = value
    return kept | _bounds(schema)


def _bounds(schema: dict[str, Any]) -> dict[str, Any]:
    """Lower and upper bounds; until OpenAPI 3.0 `exclusiveMinimum: true` made `minimum` exclusive."""
    kept: dict[str, Any] = {}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        value, strict = _number(schema.get(bound)), schema.get(exclusive)
        if strict is True and value is not _NOTHING:
            kept[exclusive] = value
            continue
        if value is not _NOTHING:
            kept[bound] = value
        if not isinstance(strict, bool) and _number(strict) is not _NOTHING:
            kept[exclusive] = _number(strict)
    return kept


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _NOTHING
        value = int(value) if value == value // 1 else value
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else _NOTHING


def _step(value: Any) -> Any:
    found = _number(value)
    return found if found is not _NOTHING and found > 0 else _NOTHING


def _count(value: Any) -> Any:
    found = _number(value)
    return int(found) if found is not _NOTHING and 0 <= found == int(found) else _NOTHING


def _text(value: Any) -> Any:
    return value if isinstance(value, str) and value else _NOTHING


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool) else _NOTHING


def _names(value: Any) -> Any:
    """A list of names; the boolean that older drafts had on each property means something else."""
    if not isinstance(value, list):
        return _NOTHING
    return list(dict.fromkeys(one for one in value if isinstance(one, str))) or _NOTHING


def _choices(value: Any) -> Any:
    return value if isinstance(value, list) and value else _NOTHING


def _names_by_name(value: Any) -> Any:
    if not isinstance(value, dict):
        return _NOTHING
    return {
        name: _names([] if names is _NOTHING else names)
        for name, names in value.items()
        if _names(names) is not _NOTHING
    } or _NOTHING


def _pattern(value: Any) -> Any:
    return value if isinstance(value, str) and is_pattern(value) else _NOTHING


@cache
def is_pattern(text: str) -> bool:
    """Whether the engine that checks arguments can read a regular expression."""
    if len(text) > 5_000:
        return False
    try:
        compiled({"pattern": text})
    except ValueError:
        return False
    return True


_FORMS: dict[str, Callable[[Any], Any]] = {
    "title": _text,
    "description": _text,
    "format": _text,
    "enum": _choices,
    "const": lambda value: value,
    "multipleOf": _step,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "minProperties": _count,
    "maxProperties": _count,
    "minContains": _count,
    "maxContains": _count,
    "uniqueItems": _truth,
    "pattern": _pattern,
    "required": _names,
    "dependentRequired": _names_by_name,
    "deprecated": _truth,
    "contentMediaType": _text,
    "contentEncoding": _text,
}
