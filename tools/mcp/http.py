"""The guarded way of the SDK to servers on the network: failures become answers that say what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import orjson

from tools.errors import ToolError
from tools.mcp.told import TOLD
from tools.net import connection_error
from tools.statuses import retry_after

#: JSON-RPC's own code for what went wrong inside; what happened is told in `data`.
_INTERNAL = -32603
_EXCERPT = 300


class TellingTransport(httpx2.AsyncBaseTransport):
    """Sends each request with `headers` as they are then; answers by JSON-RPC errors what failed on the way.

    The SDK hides HTTP statuses behind one sentence, and lets one failed request end a whole session.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, headers: Mapping[str, str]) -> None:
        self._inner = inner
        self._headers = headers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises nothing that a server or the network can cause."""
        request.headers.update(self._headers)
        try:
            response = await self._inner.handle_async_request(request)
            if request.method == "POST" and (response.status_code >= 400 or _is_json(response)):
                return await _whole(request, response)
        except ToolError as error:
            return _failure(502, {"code": error.code}, str(error))
        except httpx2.TimeoutException:
            return _failure(504, {"code": "timed_out"}, f"{request.url.host} did not answer in time")
        except httpx2.TransportError as error:
            told = connection_error(error, request.url.host)
            sent = not isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout))
            return _failure(502, {"code": told.code, "sent": sent}, str(told))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _whole(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
    """The response with its body read; one that is an error and no JSON-RPC gets the form of one."""
    try:
        body = await response.aread()
    finally:
        await response.aclose()
    if response.status_code < 400:
        headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-length"]
        return httpx2.Response(response.status_code, headers=headers, content=body)
    if _is_json(response) and _is_rpc_error(body):
        return httpx2.Response(
            response.status_code, headers={"content-type": "application/json"}, content=body
        )
    text = " ".join(body[: 20 * _EXCERPT].decode(errors="replace").split())[:_EXCERPT]
    told = {
        "status": response.status_code,
        "retry_after": retry_after(response.headers),
        "session": "mcp-session-id" in request.headers,
    }
    return _failure(response.status_code, told, text)


def _is_json(response: httpx2.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.lower().startswith("application/json")


def _is_rpc_error(body: bytes) -> bool:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and isinstance(told.get("error"), dict) and "jsonrpc" in told


def _failure(status: int, told: Mapping[str, Any], message: str) -> httpx2.Response:
    error = {"code": _INTERNAL, "message": message, "data": {TOLD: told}}
    body = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": error})
    return httpx2.Response(status, headers={"content-type": "application/json"}, content=body)
