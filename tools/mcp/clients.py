"""Clients of the SDK over our own transports."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tools.mcp.http import TellingTransport
from tools.mcp.servers import StdioServer
from tools.mcp.session import Session
from tools.mcp.stdio import stdio_transport
from tools.net import USER_AGENT, Net

_CLIENT = types.Implementation(name=USER_AGENT.partition("/")[0], version=USER_AGENT.partition("/")[2])
#: Seconds between two parts of an answer; how long a call may take is its own limit's affair.
_SILENCE = 3_600.0

Opener = Callable[[Session], AbstractAsyncContextManager[Client]]


def stdio_opener(server: StdioServer) -> Opener:
    """Opens clients of a program of this machine."""

    @contextlib.asynccontextmanager
    async def opened(session: Session) -> AsyncIterator[Client]:
        transport = stdio_transport(server, session.complaints, session.retire)
        async with _client(transport, session) as client:
            yield client

    return opened


def http_opener(net: Net, url: str) -> Opener:
    """Opens clients of a server on the network, behind the guard."""

    @contextlib.asynccontextmanager
    async def opened(session: Session) -> AsyncIterator[Client]:
        net.check(url)
        patient = httpx2.Timeout(net.timeout, read=_SILENCE)
        async with net.client(
            wrap=lambda inner: TellingTransport(inner, session.headers), timeout=patient
        ) as http:
            transport = streamable_http_client(url, http_client=http, max_sse_event_size=net.max_bytes)
            async with _client(transport, session) as client:
                yield client

    return opened


def _client(transport: AbstractAsyncContextManager[object], session: Session) -> Client:
    return Client(
        transport,  # type: ignore[arg-type]
        cache=None,
        client_info=_CLIENT,
        message_handler=session.heard,
        elicitation_callback=session.asked,
    )
