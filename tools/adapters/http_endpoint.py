"""Calls plain HTTP services: JSON in and out, anything else as a file."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from tools.adapter import CallContext
from tools.adapters.credentials import auth_headers
from tools.adapters.http_requests import HttpRequest, build
from tools.errors import BadArguments, BadOutput, ToolError
from tools.files import with_files
from tools.net import Net, Reply
from tools.redaction import redact
from tools.schemas import schemas_of
from tools.spec import File, Json, ToolCall, ToolResult, is_file_schema
from tools.statuses import status_error

_EXCERPT = 300
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
#: Characters of a media type that is told.
_WORDS = 80
_UNSAFE = re.compile(r"[^\w.-]+")


class HttpEndpoint:
    """Calls the address of a tool's binding; see `http_requests.build` for how arguments travel.

    The reply's JSON object is the output (`{"result": …}` for other JSON); any other content becomes
    an artifact in the output's file field, or in `file`.
    """

    def __init__(self, net: Net) -> None:
        self._net = net

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`, by the status that came back."""
        schema = schemas_of(call.tool).input
        request = build(call.tool, await with_files(schema, call.arguments, context.files))
        headers = request.headers | auth_headers(call.tool, context.secrets)
        headers["Idempotency-Key"] = context.idempotency_key
        headers["traceparent"] = context.traceparent or new_traceparent()
        content = await _content(request, headers)
        reply = await self._net.request(
            request.method,
            request.url,
            headers=headers,
            params=request.query,
            content=content,
            timeout=context.timeout,
        )
        if not 200 <= reply.status < 300:
            raise _failure(reply, context)
        return ToolResult(await _output(call, reply, context))


def new_traceparent() -> str:
    """A trace of its own (W3C trace context, version 00, sampled)."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


async def _content(request: HttpRequest, headers: dict[str, str]) -> bytes | None:
    if not request.body:
        return None
    file = request.file
    if file is not None:
        headers.setdefault("Content-Type", file.media_type)
        return await asyncio.to_thread(file.path.read_bytes)
    headers.setdefault("Content-Type", "application/json")
    try:
        return orjson.dumps(request.body, default=_refuse_file, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError as error:
        raise BadArguments(f"the arguments cannot be sent as JSON: {error.__cause__ or error}") from None


def _refuse_file(value: Any) -> Any:
    if isinstance(value, File):
        raise TypeError("a file is sent alone, as the whole body")
    raise TypeError(f"{type(value).__name__} is not JSON")


def _failure(reply: Reply, context: CallContext) -> ToolError:
    # Masked before it is cut, since half a secret would not be found.
    text = " ".join(redact(reply.text[: 20 * _EXCERPT], context.secrets.values()).split())
    host = urlsplit(reply.url).hostname or reply.url
    return status_error(reply.status, reply.headers, host=host, excerpt=text[:_EXCERPT])


async def _output(call: ToolCall, reply: Reply, context: CallContext) -> Mapping[str, Json]:
    if not reply.body:
        return {}
    if reply.media_type == "application/json" or reply.media_type.endswith("+json"):
        decoded = _decoded(reply)
        return decoded if isinstance(decoded, dict) else {"result": decoded}
    media_type = reply.media_type if _MEDIA_TYPE.fullmatch(reply.media_type) else "application/octet-stream"
    field = _file_field(call, reply)
    name = _file_name(reply, media_type)
    path = context.scratch / name
    await asyncio.to_thread(path.write_bytes, reply.body)
    return {field: await context.files.save(path, media_type=media_type, name=name)}


def _decoded(reply: Reply) -> Any:
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError as error:
        raise BadOutput(f"the reply says it is JSON and is not: {error}") from None


def _file_field(call: ToolCall, reply: Reply) -> str:
    """The output that takes a file. Raises `BadOutput` where the tool promises none."""
    fields = call.tool.output_schema.get("properties", {})
    found = next((name for name, field in fields.items() if is_file_schema(field)), "file")
    if fields and found not in fields:
        what = reply.media_type or "something without a media type"
        host = urlsplit(reply.url).hostname
        raise BadOutput(f"{host} answered {what[:_WORDS]}; the tool promises JSON with {', '.join(fields)}")
    return found


def _file_name(reply: Reply, media_type: str) -> str:
    last = _UNSAFE.sub("_", unquote(urlsplit(reply.url).path.rpartition("/")[2])).strip("._")[-100:]
    if "." in last:
        return last
    return (last or "reply") + (mimetypes.guess_extension(media_type) or ".bin")
