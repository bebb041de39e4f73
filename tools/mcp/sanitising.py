"""Words of strangers that planners and people will read: visible, on few lines, and not endless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

#: Characters of a tool's description, and of one inside a schema.
LONGEST = 4_000
_LONGEST_IN_SCHEMA = 1_000
#: Levels of a schema.
_DEEPEST = 30
_PROSE = frozenset({"description", "title", "$comment"})
#: Keywords whose value maps names, which may be any word, to schemas.
_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
#: Keywords whose value is data, not a schema.
_DATA = frozenset({"default", "const", "enum", "examples", "example"})
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")


def hidden(character: str) -> bool:
    """Whether a person cannot see the character: control, format (bidi, zero-width, tags), private, none."""
    if character in "\n\t":
        return False
    # Variation selectors and some fillers are letters or marks by category, and invisible all the same.
    code = ord(character)
    if (
        0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or code in (0x115F, 0x1160, 0x3164, 0xFFA0, 0x034F)
    ):
        return True
    return unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")


def hides(text: str) -> bool:
    """Whether the text holds anything that a person would not see."""
    return any(hidden(character) for character in text)


def cleaned(text: str, *, longest: int = LONGEST) -> str:
    """The text in composed form (NFC), without hidden characters, runs of blanks and what is too long."""
    # Cut before the work: composing twice the length is all that can matter.
    text = unicodedata.normalize("NFC", text[: 2 * longest].replace("\r\n", "\n"))
    text = "".join(character for character in text if not hidden(character))
    text = _LINES.sub("\n\n", _BLANKS.sub(" ", text)).strip()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def cleaned_schema(schema: Any) -> Any:
    """A JSON Schema with its prose cleaned. Raises `ValueError` where names or values hide something."""
    return _cleaned(schema, _DEEPEST)


def _cleaned(schema: Any, levels: int) -> Any:
    if levels == 0:
        raise ValueError(f"the schema is nested deeper than {_DEEPEST} levels")
    if isinstance(schema, list):
        return [_cleaned(item, levels - 1) for item in schema]
    if not isinstance(schema, Mapping):
        _check(schema)
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        _check(key)
        if key in _PROSE and isinstance(value, str):
            made[key] = cleaned(value, longest=_LONGEST_IN_SCHEMA)
        elif key in _NAMED and isinstance(value, Mapping):
            made[key] = {_checked(name): _cleaned(part, levels - 1) for name, part in value.items()}
        elif key in _DATA:
            made[key] = _data(value, levels - 1)
        else:
            made[key] = _cleaned(value, levels - 1)
    return made


def _data(value: Any, levels: int) -> Any:
    if levels == 0:
        raise ValueError(f"the schema is nested deeper than {_DEEPEST} levels")
    if isinstance(value, Mapping):
        return {_checked(key): _data(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_data(item, levels - 1) for item in value]
    _check(value)
    return value


def _checked(name: str) -> str:
    _check(name)
    return name


def _check(value: Any) -> None:
    if isinstance(value, str) and hides(value):
        raise ValueError("the schema holds names or values with characters that cannot be seen")
