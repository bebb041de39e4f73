"""Short forms for the JSON Schemas of the built-in tools, and the checks their functions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.errors import BadArguments, BadInputFile
from tools.spec import File

Field = dict[str, Any]


def string(description: str, **more: Any) -> Field:
    """JSON Schema of a string; `more` are further keywords, such as `default` or `enum`."""
    return {"type": "string", "description": description, **more}


def integer(description: str, **more: Any) -> Field:
    """JSON Schema of a whole number."""
    return {"type": "integer", "description": description, **more}


def number(description: str, **more: Any) -> Field:
    """JSON Schema of a number."""
    return {"type": "number", "description": description, **more}


def boolean(description: str, **more: Any) -> Field:
    """JSON Schema of a yes or no."""
    return {"type": "boolean", "description": description, **more}


def array(items: Mapping[str, Any], description: str, **more: Any) -> Field:
    """JSON Schema of a list of `items`."""
    return {"type": "array", "items": dict(items), "description": description, **more}


def schema(properties: Mapping[str, Field], required: Sequence[str]) -> dict[str, Any]:
    """JSON Schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def outputs(**properties: Field) -> dict[str, Any]:
    """JSON Schema of an output that always has all of `properties`."""
    return schema(properties, list(properties))


#: The extension that marks a field into which a planner may link several outputs at once.
MANY = {"x-many": True}


def need_text(text: str, purpose: str, *, field: str = "text") -> str:
    """`text` without surrounding blanks; raises `BadArguments` when nothing is left."""
    stripped = text.strip()
    if not stripped:
        raise BadArguments(f"there is no text to {purpose}: the {field} is empty", paths=(f"/{field}",))
    return stripped


def need_bytes(file: File, kind: str, *, starts: bytes = b"") -> bytes:
    """All bytes of `file`; `kind` says in words what it should be, `starts` how such a file begins.

    Raises `BadInputFile` when it is empty, cannot be read, or begins otherwise.
    """
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise BadInputFile(f"{file.name} cannot be read: {error.strerror}") from error
    if not content:
        raise BadInputFile(f"{file.name} is empty; {kind} was expected")
    if starts not in content[:1024]:
        raise wrong_kind(file, kind)
    return content


def wrong_kind(file: File, kind: str) -> BadInputFile:
    """The error for a file that is not what its reader takes."""
    return BadInputFile(f"{file.name} ({file.media_type}) cannot be read as {kind}: check the file")
