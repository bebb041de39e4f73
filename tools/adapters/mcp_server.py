"""Calls tools of servers that speak the Model Context Protocol."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from tools.adapter import CallContext
from tools.errors import ToolError
from tools.mcp.offers import Offered
from tools.mcp.servers import Address, StdioServer, unknown
from tools.net import Net
from tools.spec import Tool, ToolCall, ToolResult

if TYPE_CHECKING:
    from tools.adapters.mcp_calls import Calls

#: Told of a tool whose server now defines it otherwise than was approved, and how.
Changed = Callable[[Tool, Offered], Awaitable[None]]


async def _nobody(_tool: Tool, _now: Offered) -> None:
    return None


class McpServer:
    """Calls by warm sessions; only definitions that are as they were when they were imported.

    The protocol's own package takes 20 MB and half a second, so it is imported by the first who needs it.
    """

    def __init__(self, net: Net, servers: Mapping[str, StdioServer]) -> None:
        self._net = net
        self._servers = servers
        self._calls: Calls | None = None
        #: Set by who keeps the record of tools.
        self.changed: Changed = _nobody

    def missing(self, tool: Tool) -> str | None:
        """Why the tool cannot be called; None when it can, as far as one can tell."""
        address = Address.of(tool)
        if address.server is not None:
            return None if address.server in self._servers else unknown(address.server, self._servers)
        try:
            self._net.check(address.url or "", secret=bool(tool.auth))
        except ToolError as error:
            return str(error)
        return None

    async def offered(
        self, address: Address, *, prefix: str, auth: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Offered:
        """What the server offers now; `secrets` are those that `auth` names. Raises `ToolError`."""
        return await (await self._ready()).offered(address, prefix=prefix, auth=auth, secrets=secrets)

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`; what may have been done and must not be done twice is `MaybeDone`."""
        return await (await self._ready()).call(call, context)

    async def aclose(self) -> None:
        """End every session."""
        if self._calls is not None:
            await self._calls.aclose()

    async def _ready(self) -> Calls:
        """In a thread, so that the loop goes on meanwhile."""
        if self._calls is None:
            module: Any = await asyncio.to_thread(importlib.import_module, "tools.adapters.mcp_calls")
            if self._calls is None:  # another call may have been first
                self._calls = module.Calls(self._net, self._servers, self._tell)
        return self._calls

    async def _tell(self, tool: Tool, now: Offered) -> None:
        await self.changed(tool, now)
