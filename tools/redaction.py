"""What of a call may be shown and kept: excerpts of bounded size, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tools.masking import MASK, Mask

#: Characters of one string, items of one list or object, and levels that an excerpt shows.
_STRING = 500
_ITEMS = 20
_LEVELS = 8
_SECRET_NAME = re.compile(
    r"authorization|password|passwd|secret|token$|api[-_]?key|access[-_]?key|private[-_]?key|cookie|credential",
    re.IGNORECASE,
)


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret in it masked."""
    return Mask(secrets).text(text)


def excerpt(value: Any, *, secrets: Iterable[str] = (), characters: int = 4_000) -> str:
    """`value` as JSON for people to read: long parts cut, secrets and fields named like one masked."""
    shown = _shorten(value, Mask(secrets), _LEVELS)
    try:
        text = orjson.dumps(shown, option=orjson.OPT_NON_STR_KEYS, default=str).decode()
    except TypeError:  # broken characters, or numbers beyond 64 bits
        text = json.dumps(shown, default=str)
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _shorten(value: Any, mask: Mask, levels: int) -> Any:
    if isinstance(value, str):
        # Cut after masking: half a secret would not be recognised any more.
        text = mask.text(value[: 20 * _STRING])
        return text if len(text) <= _STRING else f"{text[:_STRING]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return _shorten_object(value, mask, levels)
    if isinstance(value, (list, tuple)):
        if levels == 0:
            return "…"
        items = [_shorten(item, mask, levels - 1) for item in value[:_ITEMS]]
        return [*items, f"… ({len(value):,} items)"] if len(value) > _ITEMS else items
    return value


def _shorten_object(value: Mapping[Any, Any], mask: Mask, levels: int) -> Any:
    if levels == 0:
        return "…"
    shown: dict[str, Any] = {}
    for key, item in value.items():
        if len(shown) == _ITEMS:
            shown["…"] = f"{len(value):,} fields"
            break
        hidden = isinstance(item, str) and _SECRET_NAME.search(str(key))
        shown[mask.text(str(key)[:_STRING])] = MASK if hidden else _shorten(item, mask, levels - 1)
    return shown
