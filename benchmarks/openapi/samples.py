"""Arguments for tools, made from their input schemas: the least that is needed, and all that is there."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies
from hypothesis.errors import HypothesisException, NonInteractiveExampleWarning

from tools.schemas import compiled
from tools.spec import File, Tool, is_file_schema

_TEXTS = {
    "date": "2024-05-06",
    "date-time": "2024-05-06T07:08:09Z",
    "time": "07:08:09Z",
    "email": "a@pets.example",
    "uri": "https://pets.example/a",
    "url": "https://pets.example/a",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "pets.example",
    "byte": "YQ==",
    "binary": "a",
}
_DEEPEST = 5


class Sampler:
    """Values for the schemas of one tool; the same seed gives the same values."""

    def __init__(self, tool: Tool, file: Path, *, seed: int = 1) -> None:
        self._tool = tool
        self._file = file
        self._defs: Mapping[str, Any] = tool.input_schema.get("$defs", {})
        self._random = random.Random(seed)

    def arguments(self, *, everything: bool) -> dict[str, Any] | None:
        """Arguments that fit the input schema; None where none were found."""
        schema = self._tool.input_schema
        required = set(schema.get("required", ()))
        for choice in [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]:
            wanted = required | set(choice.get("required", ()))
            made = self._fields(schema.get("properties", {}), wanted, everything=everything, level=-1)
            if made is not _NONE and compiled(schema).is_valid(_without_files(made)):
                return dict(made)
        return None

    def _fields(self, fields: Mapping[str, Any], wanted: set[str], *, everything: bool, level: int) -> Any:
        """The wanted fields, and with `everything` all others for which a value is found."""
        made: dict[str, Any] = {}
        for name, field in fields.items():
            if name not in wanted and not everything:
                continue
            value = self.value(field, everything=everything, level=level + 1)
            if value is _NONE and name in wanted:
                return _NONE
            if value is not _NONE and (name in wanted or self._fits(field, value)):
                made[name] = value
        return made

    def _fits(self, field: Any, value: Any) -> bool:
        return compiled({"allOf": [field], "$defs": self._defs}).is_valid(_without_files(value))

    def value(self, schema: Any, *, everything: bool, level: int = 0) -> Any:
        """One value that fits a schema, or `_NONE`."""
        if not isinstance(schema, Mapping):
            return "x" if schema else _NONE
        if "$ref" in schema and level < 3 * _DEEPEST:
            beside = {key: one for key, one in schema.items() if key != "$ref"}
            meant = self._defs[schema["$ref"].removeprefix("#/$defs/")]
            return self.value({**meant, **beside}, everything=everything, level=level + 1)
        if is_file_schema(schema):
            return File(self._file, "application/octet-stream", self._file.name)
        if "const" in schema or "enum" in schema:
            choices = schema.get("enum", [schema.get("const")])
            return next((one for one in choices if one not in (None, "")), choices[0])
        return self._composed(schema, everything, level)

    def _composed(self, schema: Mapping[str, Any], everything: bool, level: int) -> Any:
        if "allOf" in schema:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return self.value(self._merged([rest, *schema["allOf"]]), everything=everything, level=level + 1)
        parts = schema.get("anyOf") or schema.get("oneOf") or []
        if not parts or ("properties" in schema and all(set(one) <= {"required"} for one in parts)):
            return self._typed(schema, everything, level)
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        made = (
            self.value(self._merged([rest, part]), everything=everything, level=level + 1) for part in parts
        )
        return next((value for value in made if value is not _NONE and value is not None), _NONE)

    def _merged(self, parts: list[Any]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for part in parts:
            found = part
            while isinstance(found, Mapping) and "$ref" in found:
                found = self._defs[found["$ref"].removeprefix("#/$defs/")]
            for key, value in found.items() if isinstance(found, Mapping) else ():
                if key == "properties":
                    merged[key] = {**merged.get(key, {}), **value}
                elif key == "required":
                    merged[key] = [*merged.get(key, ()), *value]
                elif key == "allOf":
                    merged = self._merged([merged, *value])
                else:
                    merged[key] = value
        return merged

    def _typed(self, schema: Mapping[str, Any], everything: bool, level: int) -> Any:
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
        if kind == "object":
            return self._object(schema, everything, level)
        if kind == "array":
            return self._array(schema, everything, level)
        if kind in ("integer", "number"):
            return _number(schema, kind)
        if kind == "boolean":
            return True
        return None if kind == "null" else _text(schema)

    def _object(self, schema: Mapping[str, Any], everything: bool, level: int) -> Any:
        required = set(schema.get("required", ()))
        for one in schema.get("anyOf", ())[:1]:
            required |= set(one.get("required", ()))
        fields = schema.get("properties", {})
        made = self._fields(fields, required, everything=everything and level < 2, level=level)
        if not made and isinstance(schema.get("additionalProperties"), Mapping):
            value = self.value(schema["additionalProperties"], everything=False, level=level + 1)
            return {} if value is _NONE else {"key": value}
        return made

    def _array(self, schema: Mapping[str, Any], everything: bool, level: int) -> Any:
        if level > 2 * _DEEPEST:
            return []
        items = schema.get("items", True)
        # Two, since a form with one cannot be told from one without a list.
        least = max(1 if schema.get("maxItems") == 1 else 2, int(schema.get("minItems", 1)))
        choices = items.get("enum") if isinstance(items, Mapping) else None
        if choices and len(choices) >= least:
            return list(choices[:least])
        made = self.value(items, everything=everything, level=level + 1)
        if made is _NONE:
            return _NONE
        if schema.get("uniqueItems") and least > 1:
            return [f"{made}{number}" if isinstance(made, str) else made for number in range(least)]
        return [made] * least


_NONE = object()


def _number(schema: Mapping[str, Any], kind: str) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    value = low if low is not None else min(1, high) if high is not None else 1
    if "exclusiveMinimum" in schema and value == schema["exclusiveMinimum"]:
        value += 1 if kind == "integer" else 0.5
    step = schema.get("multipleOf")
    return -(-value // step) * step if step else value


def _text(schema: Mapping[str, Any]) -> Any:
    if "pattern" in schema:
        return _matching(schema)
    text = _TEXTS.get(schema.get("format", ""), "word")
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    text = text + "x" * (least - len(text))
    return text if most is None else text[: int(most)] or _NONE


def _matching(schema: Mapping[str, Any]) -> Any:
    """A text for a pattern, where one is found."""
    check = compiled(schema)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        try:
            made = strategies.from_regex(schema["pattern"], alphabet=strategies.characters(codec="ascii"))
            texts = [made.example().rstrip("\n") for _ in range(20)]
        except (HypothesisException, ValueError, TypeError):
            return _NONE
    return next((text for text in texts if text and text.isprintable() and check.is_valid(text)), _NONE)


def _without_files(value: Any) -> Any:
    if isinstance(value, File):
        return {"artifact": "art_x"}
    if isinstance(value, dict):
        return {key: _without_files(one) for key, one in value.items()}
    return [_without_files(one) for one in value] if isinstance(value, list) else value


def both(tool: Tool, file: Path) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The least arguments, and all of them."""
    sampler = Sampler(tool, file)
    yield "least", sampler.arguments(everything=False)
    yield "all", sampler.arguments(everything=True)
