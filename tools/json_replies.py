"""Finds the JSON that a model was asked for in what it wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tools.errors import BadOutput
from tools.json_values import unkept
from tools.schemas import Schema

_FENCED = re.compile(r"```(?:json|JSON)?\s*\n(.*?)```", re.DOTALL)
_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_DECODER = json.JSONDecoder()
#: Places in a text where JSON may begin; a text of ten thousand braces is no reply.
_TRIES = 200


def parse_reply(text: str, schema: Schema) -> Any:
    """The first JSON in `text` that fits: the whole, a fenced block, or a balanced object in between.

    Raises `BadOutput` saying what is wrong, in words that a model can act on.
    """
    complaint: str | None = None
    for candidate in _candidates(_THOUGHTS.sub("", text, count=1)):
        fault = unkept(candidate)
        faults = [("", fault)] if fault else schema.faults(candidate)
        if not faults:
            return candidate
        complaint = complaint or "; ".join(f"{path or 'the whole'}: {words}" for path, words in faults)
    if complaint is None:
        raise BadOutput("the reply holds no JSON")
    raise BadOutput(f"the reply does not fit the schema: {complaint}")


def _candidates(text: str) -> Iterator[Any]:
    for part in (text, *_FENCED.findall(text)):
        try:
            yield json.loads(part)
        except (ValueError, RecursionError):
            continue
    position, tries = 0, 0
    while tries < _TRIES and (match := re.compile(r"[{\[]").search(text, position)):
        tries += 1
        try:
            value, position = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            position = match.start() + 1
        else:
            yield value
