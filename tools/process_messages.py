"""The words a process of tools and its owner exchange: JSON lines, with files and errors written out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tools import errors
from tools.errors import BadOutput, ToolError
from tools.spec import File

#: Marks a file. A request's own object with such a key is wrapped in `_PLAIN`, so that nobody
#: outside can make a tool open a path by writing this mark into an argument.
_FILE = "$file"
_PLAIN = "$plain"


def encode(value: Any) -> Any:
    """`value` as plain JSON values; a `File` becomes `{"$file": {...}}`."""
    if isinstance(value, File):
        where = {"path": str(value.path), "media_type": value.media_type}
        return {_FILE: {**where, "name": value.name, "artifact": value.artifact}}
    if isinstance(value, Mapping):
        plain = {_key(key): encode(item) for key, item in value.items()}
        return {_PLAIN: plain} if _FILE in plain or _PLAIN in plain else plain
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        # The writer would quietly make it null.
        raise BadOutput(f"a value cannot be written as JSON: {value} is no number there")
    return value


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise BadOutput(f"a value cannot be written as JSON: the key {key!r} of an object is no text")


def decode(value: Any) -> Any:
    """The reverse of `encode`. Raises `KeyError`, `TypeError`, `AttributeError` for what it never wrote."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _FILE in value:
        file = value[_FILE]
        artifact = None if file["artifact"] is None else str(file["artifact"])
        return File(Path(file["path"]), str(file["media_type"]), str(file["name"]), artifact)
    plain = value.get(_PLAIN, value)
    return {key: decode(item) for key, item in plain.items()}


def to_line(message: Mapping[str, Any]) -> bytes:
    """One message as a line. Raises `BadOutput` for a value that JSON cannot hold."""
    try:
        return orjson.dumps(message) + b"\n"
    except TypeError as error:
        raise BadOutput(f"a value cannot be written as JSON: {error}") from error


def from_line(line: bytes) -> dict[str, Any]:
    """The message of a line."""
    message: dict[str, Any] = orjson.loads(line)
    return message


def error_to_json(error: ToolError) -> dict[str, Any]:
    """A tool error by the name of its class in `tools.errors`, with its message and attributes."""
    known = next(kind for kind in type(error).__mro__ if getattr(errors, kind.__name__, None) is kind)
    attributes = {key: getattr(error, key) for key in ("retry_after", "paths") if hasattr(error, key)}
    return {"class": known.__name__, "message": str(error), "attributes": attributes}


def error_from_json(message: Mapping[str, Any]) -> ToolError:
    """The tool error that `error_to_json` wrote.

    Raises `AttributeError`, `KeyError`, `TypeError`, `ValueError` for what it never wrote. The message may
    have been forged: a function that is not trusted holds the other end of the pipe.
    """
    kind = getattr(errors, message["class"], None)
    if not isinstance(kind, type) or not issubclass(kind, ToolError):
        raise ValueError("no class of tool errors")
    error: ToolError = kind(str(message["message"]))
    given = message["attributes"]
    if given.get("retry_after") is not None:
        error.__dict__["retry_after"] = float(given["retry_after"])
    if "paths" in given:
        error.__dict__["paths"] = tuple(map(str, given["paths"]))
    return error
