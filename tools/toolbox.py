"""The one place where a tool of any kind is called: the adapter of its kind, wrapped."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from tools.adapter import Adapter, CallContext
from tools.adapters.command import CommandLine
from tools.adapters.credentials import Authority
from tools.adapters.endpoint_credentials import EndpointCredentials, NoSecrets
from tools.adapters.http_endpoint import HttpEndpoint
from tools.adapters.mcp_server import McpServer
from tools.adapters.model_endpoint import ModelEndpoint
from tools.adapters.python_function import PythonFunction
from tools.auth import secret_names
from tools.commands import Command
from tools.endpoints.router import NoEndpoints, Router
from tools.endpoints.watch import Keys
from tools.errors import ToolError
from tools.mcp.servers import StdioServer
from tools.net import Net
from tools.processes import Processes
from tools.spec import Json, Kind, Tool, ToolCall, ToolResult
from tools.wrappers import Contained, Masked, Recorded, Timed, Validated


class Toolbox:
    """Calls tools.

    `modules` are the modules (or packages) beside those that ship whose functions may be called;
    `processes` must know them as well. `router` knows the endpoints that tools may name, `credentials`
    makes what their calls carry, `servers` are the programs that speak MCP, and `commands` those that
    are tools, by name. Of `modules`, the `untrusted` ones run in `confined` processes.
    Whoever made `net` and the processes closes them.
    """

    def __init__(
        self,
        *,
        net: Net,
        processes: Processes,
        modules: Sequence[str] = (),
        router: Router | None = None,
        servers: Mapping[str, StdioServer] | None = None,
        credentials: Keys | None = None,
        commands: Mapping[str, Command] | None = None,
        untrusted: Sequence[str] = (),
        confined: Processes | None = None,
    ) -> None:
        self._net = net
        self.mcp = McpServer(net, servers or {})
        self._commands = CommandLine(commands or {})
        self._functions = PythonFunction(
            processes=processes, net=net, modules=modules, untrusted=untrusted, confined=confined
        )
        known = credentials or EndpointCredentials(Authority(net), NoSecrets())
        self._models = ModelEndpoint(net, router or Router(NoEndpoints()), known)
        self._adapters: Mapping[Kind, Adapter] = {
            Kind.PYTHON: wrapped(self._functions),
            Kind.HTTP: wrapped(HttpEndpoint(net)),
            Kind.MODEL: wrapped(self._models),
            Kind.MCP: wrapped(self.mcp),
            Kind.COMMAND: wrapped(self._commands),
        }

    async def call(self, tool: Tool, arguments: Mapping[str, Json], context: CallContext) -> ToolResult:
        """Call the tool. Raises `ToolError` and nothing else (but cancellation)."""
        return await self._adapters[tool.kind].call(ToolCall(tool, arguments), context)

    def available(self, tool: Tool) -> str | None:
        """Why the tool cannot be called, with what to do about it; None when it can."""
        missing = [hint for program, hint in tool.requires.items() if shutil.which(program) is None]
        if missing:
            programs = [program for program in tool.requires if shutil.which(program) is None]
            return f"{', '.join(programs)} missing: {'; '.join(dict.fromkeys(missing))}"
        if tool.kind is Kind.PYTHON:
            return self._functions.missing(tool)
        if tool.kind is Kind.MCP:
            return self.mcp.missing(tool) or self._no_token(tool)
        if tool.kind is Kind.COMMAND:
            return self._commands.missing(tool)
        return self._forbidden(tool)

    def _forbidden(self, tool: Tool) -> str | None:
        """Why one of the tool's addresses may never be called; None when it may, as far as one can tell."""
        addresses = [tool.binding.get("url") or tool.binding.get("base_url") or ""]
        if tool.kind is Kind.MODEL and "endpoint" in tool.binding:
            addresses = []
        try:
            for address in addresses:
                self._net.check(str(address), secret=bool(secret_names(tool)))
        except ToolError as error:
            return str(error)
        return self._no_token(tool)

    def _no_token(self, tool: Tool) -> str | None:
        """Why no access token can be had for the tool; None when one can, or none is needed."""
        oauth2 = tool.auth.get("oauth2")
        try:
            if isinstance(oauth2, Mapping):
                self._net.check(str(oauth2.get("token_url", "")), secret=True)
        except ToolError as error:
            return str(error)
        return None

    async def aclose(self) -> None:
        """Close the connections to models and to MCP servers."""
        await self._models.aclose()
        await self.mcp.aclose()


def wrapped(adapter: Adapter) -> Adapter:
    """The adapter with all that every call gets."""
    return Recorded(Contained(Timed(Validated(Masked(adapter)))))
