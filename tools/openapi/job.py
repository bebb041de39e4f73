"""What of an import runs in a process of its own: documents in a folder become a file of tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tools.errors import BadArguments
from tools.openapi.compiler import Choice, Compiled, Options, compiled
from tools.openapi.documents import Documents
from tools.openapi.loading import MAX_BYTES, parsed
from tools.spec import Docs, Effect, Kind, Tool, Trust

#: The list of documents in the folder, the root first: `{"uri", "file"}`, or `{"uri", "absent": why}`.
INDEX = "index.json"
RESULT = "result.json"
_CHOICE = ("tags", "paths", "methods", "operations")


def compile_folder(folder: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Compile the documents of the folder's index into its result file.

    Answers `{"needed": [addresses]}`: what references lead to and the index does not have.
    Raises `BadArguments` for a document that is none.
    """
    here = Path(folder)
    contents, absent = {}, {}
    total = 0
    for entry in orjson.loads((here / INDEX).read_bytes()):
        uri = entry["uri"]
        if "absent" in entry:
            absent[uri] = entry["absent"]
            continue
        text = (here / entry["file"]).read_bytes()
        total += len(text)
        if total > MAX_BYTES:
            raise BadArguments(f"the documents are over {MAX_BYTES:,} bytes together")
        try:
            contents[uri] = parsed(text)
        except BadArguments as error:
            if not contents:
                raise
            absent[uri] = f"cannot be read: {error}"
    documents = Documents(contents, absent)
    check_root(documents.root.value)
    made = compiled(documents, _options(options))
    (here / RESULT).write_bytes(_written(made))
    return {"needed": made.needed}


def check_root(root: Any) -> None:
    """Raises `BadArguments` for what is no OpenAPI document."""
    fields = root if isinstance(root, dict) else {}
    if "swaggerVersion" in fields:
        raise BadArguments("Swagger before 2.0 is not read; convert the document to OpenAPI 3")
    if not any(isinstance(fields.get(word), dict) for word in ("paths", "webhooks", "components")):
        raise BadArguments("this is no OpenAPI document: it has no paths")
    if not {"openapi", "swagger"} & set(fields) and not isinstance(fields.get("paths"), dict):
        raise BadArguments("this is no OpenAPI document: it says neither openapi nor swagger")


def result_of(folder: Path) -> Compiled:
    """What `compile_folder` has written."""
    told = orjson.loads((folder / RESULT).read_bytes())
    return Compiled(
        tools=[_tool(record) for record in told["tools"]],
        skipped=[(one["operation"], one["reason"]) for one in told["skipped"]],
        duplicates=[(one[0], one[1]) for one in told["duplicates"]],
        quality=told["quality"],
        needed=told["needed"],
        source=told["source"],
        secrets=told["secrets"],
    )


def _written(made: Compiled) -> bytes:
    told = {
        "tools": [_record(tool) for tool in made.tools],
        "skipped": [{"operation": operation, "reason": reason} for operation, reason in made.skipped],
        "duplicates": made.duplicates,
        "quality": made.quality,
        "needed": made.needed,
        "source": made.source,
        "secrets": made.secrets,
    }
    return orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS)


def _record(tool: Tool) -> dict[str, Any]:
    """The fields that a compiled tool fills."""
    return {
        "name": tool.name,
        "summary": tool.summary,
        "description": tool.description,
        "input_schema": tool.input_schema,
        "output_schema": tool.output_schema,
        "effect": tool.effect,
        "auth": tool.auth,
        "tags": tool.tags,
        "errors": tool.docs.errors,
        "binding": tool.binding,
    }


def _tool(record: Mapping[str, Any]) -> Tool:
    return Tool(
        name=record["name"],
        summary=record["summary"],
        description=record["description"],
        kind=Kind.HTTP,
        input_schema=record["input_schema"],
        output_schema=record["output_schema"],
        effect=Effect(record["effect"]),
        auth=record["auth"],
        tags=tuple(record["tags"]),
        docs=Docs(errors=tuple(record["errors"])),
        trust=Trust.UNTRUSTED,
        binding=record["binding"],
    )


def _options(given: Mapping[str, Any]) -> Options:
    choices = {
        side: Choice(**{word: tuple(given[side].get(word, ())) for word in _CHOICE})
        for side in ("include", "exclude")
    }
    return Options(
        **choices,
        prefix=given["prefix"],
        server=given["server"],
        auth=given["auth"],
        select=given["select"],
    )
