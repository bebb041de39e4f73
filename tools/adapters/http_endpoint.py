"""Calls plain HTTP services: JSON in and out, anything else as a file."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import jmespath
import orjson

from tools.adapter import CallContext
from tools.adapters.credentials import Authority, Credentials
from tools.adapters.http_bodies import content_of
from tools.adapters.http_requests import HttpRequest, build
from tools.errors import BadOutput, ToolError
from tools.files import with_files
from tools.json_values import MAX_INLINE
from tools.net import Net, Reply
from tools.schemas import schemas_of
from tools.spec import Json, Tool, ToolCall, ToolResult, is_file_schema
from tools.statuses import status_error

_EXCERPT = 300
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
#: Characters of a media type that is told.
_WORDS = 80
_UNSAFE = re.compile(r"[^\w.-]+")


class HttpEndpoint:
    """Calls the address of a tool's binding; see `http_requests.build` for how arguments travel.

    The reply's JSON object is the output (`{"result": …}` for other JSON); any other content, and JSON
    over `MAX_INLINE` bytes, becomes an artifact in the output's file field, or in `file`.
    """

    def __init__(self, net: Net) -> None:
        self._net = net
        self._authority = Authority(net)

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`, by the status that came back."""
        tool = call.tool
        request = build(tool, await with_files(schemas_of(tool).input, call.arguments, context.files))
        headers = request.headers
        if request.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies)
        headers["Idempotency-Key"] = context.idempotency_key
        headers["traceparent"] = context.traceparent or new_traceparent()
        content = await content_of(request, headers)
        if tool.auth:
            reply = await self._as_somebody(tool, request, content, context)
        else:
            reply = await self._send(request, content, context, Credentials())
        if not 200 <= reply.status < 300:
            raise _failure(reply)
        return await _result(call, reply, context)

    async def _as_somebody(
        self, tool: Tool, request: HttpRequest, content: bytes | None, context: CallContext
    ) -> Reply:
        """The reply to the request with credentials, without what it repeats of them."""
        await self._net.check_secrecy(request.address)
        credentials = await self._authority.credentials(tool, context, headers=request.headers)
        reply = await self._send(request, content, context, credentials)
        if reply.status == 401 and credentials.token is not None:
            # It may have been revoked before it expired; the peer has done nothing yet.
            credentials = await self._authority.credentials(
                tool, context, headers=request.headers, refused=credentials.token
            )
            reply = await self._send(request, content, context, credentials)
        mask = context.mask
        return replace(reply, body=mask.data(reply.body), url=mask.text(reply.url))

    async def _send(
        self, request: HttpRequest, content: bytes | None, context: CallContext, credentials: Credentials
    ) -> Reply:
        asked = replace(request, query=credentials.within(request.query)) if credentials.query else request
        return await self._net.request(
            request.method,
            asked.url,
            headers=credentials.over(request.headers),
            content=content,
            timeout=context.timeout,
            hosts=request.hosts,
        )


def new_traceparent() -> str:
    """A trace of its own (W3C trace context, version 00, sampled)."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _failure(reply: Reply) -> ToolError:
    text = " ".join(reply.text[: 20 * _EXCERPT].split())
    host = urlsplit(reply.url).hostname or reply.url
    return status_error(reply.status, reply.headers, host=host, excerpt=text[:_EXCERPT])


async def _result(call: ToolCall, reply: Reply, context: CallContext) -> ToolResult:
    if not reply.body:
        return ToolResult({})
    if not _is_json(reply):
        return ToolResult(await _saved(reply, _file_field(call, reply), context))
    large = len(reply.body) > MAX_INLINE and not call.tool.binding.get("select")
    if large and not _is_typed(call.tool):
        return ToolResult(await _saved(reply, _file_field(call, reply), context))
    decoded = await _selected(call, _decoded(reply))
    output = decoded if isinstance(decoded, dict) else {"result": decoded}
    if not large:
        return ToolResult(output)
    await asyncio.to_thread(schemas_of(call.tool).check_fit, output)
    return ToolResult(await _saved(reply, "file", context), in_file=True)


async def _saved(reply: Reply, field: str, context: CallContext) -> Mapping[str, Json]:
    """The reply as an artifact in this field."""
    media_type = reply.media_type if _MEDIA_TYPE.fullmatch(reply.media_type) else "application/octet-stream"
    name = _file_name(reply, media_type)
    path = context.scratch / name
    await asyncio.to_thread(path.write_bytes, reply.body)
    return {field: await context.files.save(path, media_type=media_type, name=name)}


def _is_json(reply: Reply) -> bool:
    return reply.media_type == "application/json" or reply.media_type.endswith("+json")


def _is_typed(tool: Tool) -> bool:
    """Whether the tool promises fields of JSON."""
    fields = tool.output_schema.get("properties", {})
    return bool(fields) and not any(is_file_schema(field) for field in fields.values())


def _decoded(reply: Reply) -> Any:
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError as error:
        raise BadOutput(f"the reply says it is JSON and is not: {error}") from None


async def _selected(call: ToolCall, decoded: Any) -> Any:
    """What the binding's selector (JMESPath) takes from a reply."""
    expression = call.tool.binding.get("select")
    if not expression:
        return decoded
    try:
        return await asyncio.to_thread(jmespath.search, str(expression), decoded)
    except jmespath.exceptions.JMESPathError as error:
        raise BadOutput(f"the selector {expression!r} does not fit the reply: {error}") from None


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
