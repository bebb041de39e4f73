"""What a server offers as tools of ours: names, clean words, checked schemas, a pin on each definition."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import mcp_types as types

from tools.json_values import unkept
from tools.mcp.contents import output_schema_of
from tools.mcp.offers import Offered
from tools.mcp.sanitising import cleaned, cleaned_schema, hides
from tools.mcp.servers import Address
from tools.schemas import Schema
from tools.spec import Effect, Kind, Limits, Tool, Trust

#: Seconds for a call to a server of which nothing is known.
_TIMEOUT = 120.0
_LONGEST_NAME = 64
_LONGEST_SUMMARY = 300
#: Bytes of both schemas of a tool.
_LARGEST_SCHEMA = 200_000
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def pin(definition: types.Tool) -> str:
    """SHA-256 over all of a definition that a caller may rely on, as the server sent it."""
    told = definition.model_dump(by_alias=True, mode="json", exclude={"icons", "meta"}, exclude_none=True)
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def offered(
    definitions: Iterable[types.Tool], address: Address, *, prefix: str, auth: Mapping[str, Any]
) -> Offered:
    """One tool a definition, each judged alone; `prefix` goes before the names that lack it."""
    made = Offered()
    taken: set[str] = set()
    for definition in definitions:
        try:
            tool = _tool(definition, address, prefix=prefix, auth=auth, taken=taken)
        except ValueError as error:
            made.skipped.append((cleaned(definition.name, longest=100), str(error)[:300]))
        else:
            taken.add(tool.name)
            made.tools.append(tool)
    return made


def _tool(
    definition: types.Tool, address: Address, *, prefix: str, auth: Mapping[str, Any], taken: set[str]
) -> Tool:
    if hides(definition.name) or not 0 < len(definition.name) <= 200:
        raise ValueError("its name is empty, endless, or holds characters that cannot be seen")
    inputs = _schema(definition.input_schema)
    if inputs.setdefault("type", "object") != "object":
        raise ValueError("its input schema is not one of an object")
    outputs = output_schema_of(
        None if definition.output_schema is None else _schema(definition.output_schema)
    )
    description = cleaned(definition.description or "")
    title = cleaned(definition.title or (definition.annotations and definition.annotations.title) or "")
    return Tool(
        name=_unique(name_of(definition.name, prefix=prefix), taken),
        summary=_summary(title, description) or definition.name,
        description=description,
        kind=Kind.MCP,
        input_schema=inputs,
        output_schema=outputs,
        effect=_effect(definition.annotations),
        limits=Limits(timeout=_TIMEOUT),
        auth=dict(auth),
        tags=(address.label,),
        trust=Trust.UNTRUSTED,
        binding={
            **({"server": address.server} if address.server else {"url": address.url}),
            "tool": definition.name,
            "definition": pin(definition),
        },
    )


def name_of(text: str, *, prefix: str) -> str:
    """A name as tools have it here: small letters, digits and _, at most 64 characters.

    >>> name_of("readTextFile", prefix="files"), name_of("git_status", prefix="git")
    ('files_read_text_file', 'git_status')
    """
    words = _OTHER.sub("_", _WORD.sub("_", text).lower()).strip("_") or "tool"
    before = _OTHER.sub("_", prefix.lower()).strip("_")
    if before and words != before and not words.startswith(f"{before}_"):
        words = f"{before}_{words}"
    if not words[0].isalpha():
        words = f"tool_{words}"
    return words[:_LONGEST_NAME].strip("_")


def _unique(name: str, taken: set[str]) -> str:
    number, found = 2, name
    while found in taken:
        ending = f"_{number}"
        found, number = name[: _LONGEST_NAME - len(ending)] + ending, number + 1
    return found


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A clean copy. Raises `ValueError` for what is no schema, too large, or refers elsewhere."""
    fault = unkept(schema)
    if fault is not None:
        raise ValueError(fault)
    if len(json.dumps(schema)) > _LARGEST_SCHEMA:
        raise ValueError(f"its schema is over {_LARGEST_SCHEMA:,} bytes")
    made: dict[str, Any] = cleaned_schema(schema)
    # All dialects are read as 2020-12, which is what the protocol says of schemas that name none.
    made.pop("$schema", None)
    Schema(made)
    return made


def _summary(title: str, description: str) -> str:
    first = _SENTENCE.split(description.partition("\n")[0], maxsplit=1)[0].strip()
    words = first or title
    return words if len(words) <= _LONGEST_SUMMARY else f"{words[: _LONGEST_SUMMARY - 1]}…"


def _effect(told: types.ToolAnnotations | None) -> Effect:
    """What the server says of itself; one that says nothing is taken to act, and never again unasked."""
    if told is not None and told.read_only_hint:
        return Effect.READ
    if told is not None and told.idempotent_hint:
        return Effect.IDEMPOTENT
    return Effect.ONCE
