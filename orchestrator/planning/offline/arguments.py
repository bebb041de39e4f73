"""Arguments: fills each tool's settings from the words of its part of the request, by its own schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.planning.offline.jobs import input_types, properties, required
from orchestrator.planning.offline.settings import UNFILLED, Filling, Setting
from tools.spec import Tool


@dataclass(frozen=True, slots=True)
class Filled:
    """Arguments of a tool, and required names left without a value."""

    arguments: Mapping[str, Any]
    missing: tuple[str, ...]


def fill(tool: Tool, linked: set[str], setting: Setting) -> Filled:
    """Every argument of `tool` that is not linked and that the words or the inputs give."""
    filling = Filling(tool, setting)
    musts = required(tool)
    known = properties(tool)
    found: dict[str, Any] = {}
    # Columns of numbers come first: they are the surest, and leave the others to names and groups.
    for name in sorted(known, key=lambda one: (known[one].get("x-column") != "number", one not in musts)):
        value = UNFILLED if name in linked else _value(filling, name, must=name in musts)
        if value is not UNFILLED:
            found[name] = value
    left = (name for name in musts if name not in found and name not in linked)
    return Filled(found, tuple(name for name in left if "default" not in known.get(name, {})))


def _value(filling: Filling, name: str, *, must: bool) -> Any:
    schema = filling.schema(name)
    types = set(input_types(filling.tool, name))
    given = _given(name, types, filling.setting)
    if given is not None:
        return given
    if "const" in schema:
        return schema["const"] if must else UNFILLED
    if "language" in types:
        return filling.language(name, must=must)
    if "x-column" in schema or types & {"column", "columns"}:
        return filling.column(name, must=must)
    if "enum" in schema:
        return filling.choice(name)
    return _plain_value(filling, name, types, must=must)


def _plain_value(filling: Filling, name: str, types: set[str], *, must: bool) -> Any:
    """A setting that its type alone describes; a mixed one is tried as each of its types."""
    ways: tuple[tuple[set[str], Callable[[], Any]], ...] = (
        ({"unit"}, lambda: filling.unit(name)),
        ({"expression", "sql", "email"}, lambda: filling.of_kind(types)),
        ({"number", "integer"}, lambda: filling.number(name, must=must)),
        ({"boolean"}, lambda: filling.flag(name)),
        ({"string", "url", "text"}, lambda: filling.string(name, must=must)),
    )
    found = (way() for kinds, way in ways if kinds & types)
    return next((value for value in found if value is not UNFILLED), UNFILLED)


def _given(name: str, types: set[str], setting: Setting) -> Mapping[str, str] | None:
    """An attached plain input of the argument's own name."""
    one = setting.attached.get(name)
    if one is not None and (set(one.types) & types or "any" in types):
        return {"ref": f"inputs.{name}"}
    return None
