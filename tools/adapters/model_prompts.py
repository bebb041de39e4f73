"""Prompts of model tools: a template filled from the arguments, or the arguments themselves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import orjson

from tools.errors import BadInputFile
from tools.llm import Message
from tools.spec import File, Json

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
#: Bytes of a file that go into a prompt.
_LONGEST_FILE = 400_000


async def filled(template: str, arguments: Mapping[str, Any]) -> str:
    """The template with the arguments in it. Raises `BadInputFile` for one that is not text."""
    wanted = {found[1] for found in _PLACEHOLDER.finditer(template)}
    words = {name: await _words(value) for name, value in arguments.items() if name in wanted}
    # One pass: what an argument holds is never read as a template again.
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], ""), template)


async def messages(binding: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[Message]:
    """The messages of a chat. Raises `BadInputFile` for a file that is not text."""
    template = binding.get("prompt")
    if isinstance(template, str):
        prompt = await filled(template, arguments)
    else:
        words = {name: await _words(value) for name, value in arguments.items()}
        prompt = words.get("prompt") or "\n".join(f"{name}: {text}" for name, text in words.items())
    system = binding.get("system")
    start: list[Message] = [{"role": "system", "content": system}] if isinstance(system, str) else []
    return [*start, {"role": "user", "content": prompt}]


async def _words(value: Json | File) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, File):
        return await asyncio.to_thread(_read, value)
    return orjson.dumps(value).decode()


def _read(file: File) -> str:
    if not file.media_type.startswith("text/") and file.media_type != "application/json":
        raise BadInputFile(f"{file.name} is {file.media_type}: a model is given text only")
    with file.path.open("rb") as source:
        return source.read(_LONGEST_FILE).decode(errors="replace")
