"""What a server answered as an output: its structure, its text, and files for everything else."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import mcp_types as types

from tools.adapter import CallContext
from tools.errors import BadOutput, TooLarge
from tools.spec import JsonSchema, file_schema

#: The fields of ours in an output; all of them for a tool that promises no structure.
TEXT, STRUCTURE, FILES, LINKS = "text", "data", "files", "links"
#: Under this name stands a promised structure that is no object.
RESULT = "result"
#: Bytes of the files of one answer, and their number.
_MOST_BYTES = 50_000_000
_MOST_FILES = 100
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_UNSAFE = re.compile(r"[^\w.-]+")
_OURS: Mapping[str, Any] = {
    TEXT: {"type": "string", "description": "what the tool says"},
    STRUCTURE: {"description": "the structure that it answers with, where it does"},
    FILES: {"type": "array", "items": file_schema(), "description": "images, sounds and other files"},
    LINKS: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "uri": {"type": "string"},
                "name": {"type": "string"},
                "media_type": {"type": "string"},
            },
        },
        "description": "resources of the server that the answer names",
    },
}


def output_schema_of(promised: JsonSchema | None) -> dict[str, Any]:
    """The schema of the outputs of a tool whose structured answers fit `promised`."""
    if promised is None:
        return {"type": "object", "properties": dict(_OURS), "required": [TEXT]}
    if promised.get("type") != "object":
        fields = {RESULT: dict(promised), FILES: _OURS[FILES]}
        return {"type": "object", "properties": fields, "required": [RESULT]}
    return {**promised, "properties": {FILES: _OURS[FILES], **promised.get("properties", {})}}


async def output_of(result: types.CallToolResult, schema: JsonSchema, context: CallContext) -> dict[str, Any]:
    """The output, with every file saved. Raises `BadOutput`, `TooLarge`."""
    fields = schema.get("properties", {})
    promised = fields.get(STRUCTURE) != _OURS[STRUCTURE]
    output: dict[str, Any] = _structured(result, fields) if promised else {TEXT: text_of(result.content)}
    if fields.get(FILES) == _OURS[FILES] and (files := await _files(result.content, context)):
        output[FILES] = files
    if promised:
        return output
    if result.structured_content is not None:
        output[STRUCTURE] = result.structured_content
    links = [_link(item) for item in result.content if isinstance(item, types.ResourceLink)]
    if links:
        output[LINKS] = links
    return output


def text_of(content: Sequence[types.ContentBlock]) -> str:
    """All that the answer says in words, resources of text included."""
    texts = [item.text for item in content if isinstance(item, types.TextContent)]
    texts += [
        item.resource.text
        for item in content
        if isinstance(item, types.EmbeddedResource) and isinstance(item.resource, types.TextResourceContents)
    ]
    return "\n".join(texts)


def _structured(result: types.CallToolResult, fields: Mapping[str, Any]) -> dict[str, Any]:
    told = result.structured_content
    if told is None and "structured_content" not in result.model_fields_set:
        raise BadOutput("the server promises a structure and answered none")
    # What was promised as an object stands as it is; anything else stands under a name of ours.
    wrapped = set(fields) == {RESULT, FILES} and not (isinstance(told, Mapping) and RESULT in told)
    if isinstance(told, Mapping) and not wrapped:
        return dict(told)
    return {RESULT: told}


def _link(item: types.ResourceLink) -> dict[str, str]:
    link = {"uri": item.uri, "name": item.title or item.name}
    return link | ({"media_type": item.mime_type} if item.mime_type else {})


async def _files(content: Sequence[types.ContentBlock], context: CallContext) -> list[Mapping[str, Any]]:
    parts = [part for item in content if (part := _part(item)) is not None]
    if len(parts) > _MOST_FILES:
        raise TooLarge(f"the server answered more than {_MOST_FILES} files")
    saved: list[Mapping[str, Any]] = []
    left = _MOST_BYTES
    for number, (kind, data, told_type, uri) in enumerate(parts, start=1):
        body = await asyncio.to_thread(_decoded, data, left)
        left -= len(body)
        media_type = told_type if _MEDIA_TYPE.fullmatch(told_type) else "application/octet-stream"
        path = context.scratch / f"{number}.part"
        await asyncio.to_thread(path.write_bytes, body)
        name = _name(uri) or f"{kind}-{number}{mimetypes.guess_extension(media_type) or '.bin'}"
        saved.append(await context.files.save(path, media_type=media_type, name=name))
    return saved


def _part(item: types.ContentBlock) -> tuple[str, str, str, str] | None:
    """What is it, its bytes in base64, its media type, and its URI; None for what is no file."""
    match item:
        case types.ImageContent() | types.AudioContent():
            return item.type, item.data, item.mime_type, ""
        case types.EmbeddedResource(resource=types.BlobResourceContents() as blob):
            return "resource", blob.blob, blob.mime_type or "", str(blob.uri)
    return None


def _decoded(data: str, most: int) -> bytes:
    if len(data) * 3 // 4 > most + 3:
        raise TooLarge(f"the files of the answer are over {_MOST_BYTES:,} bytes")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadOutput("the server answered a file that is not in base64") from None


def _name(uri: str) -> str:
    return _UNSAFE.sub("_", PurePosixPath(unquote(urlsplit(uri).path)).name).strip("._")[-100:]
