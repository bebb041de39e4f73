"""The tools of the service over streamable HTTP, without sessions, so that any process may answer."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import mcp_types as types
import orjson
from mcp import MCPError
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from orchestrator.api.edge import CALLER
from orchestrator.api.mcp.tools import TOOLS, Asker
from orchestrator.api.problems import pointer
from orchestrator.bootstrap import Services
from orchestrator.errors import OrchestratorError
from tools.errors import ToolError

log = logging.getLogger(__name__)

_INSTRUCTIONS = (
    "Toolpath plans requests in plain words and has them done by tools, durably. submit_run starts one; "
    "get_run follows it; a run that needs a person has `questions`, which answer_questions answers."
)


class ServedTools:
    """Answers requests of the protocol; `running` must be entered while it does."""

    def __init__(self, services: Services, *, version: str, max_body: int) -> None:
        self._services = services
        self._server: Server[Any] = Server(
            "toolpath",
            version=version,
            title="Toolpath",
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._max_body = max_body
        self._manager: StreamableHTTPSessionManager | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the context is open; a manager of the SDK runs only once, so each has its own."""
        self._manager = StreamableHTTPSessionManager(
            self._server, stateless=True, max_request_body_size=self._max_body
        )
        async with self._manager.run():
            yield

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that was let in."""
        assert self._manager is not None
        await self._manager.handle_request(scope, receive, send)

    async def _list(
        self, _: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.told(name) for name, tool in TOOLS.items()])

    async def _call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
        try:
            asked = tool.asked.model_validate(params.arguments or {})
            told = await tool.act(self._asker(context), asked)
        except ValidationError as error:
            return _failed("invalid", _faults(error))
        except (OrchestratorError, ToolError) as error:
            return _failed(error.code, str(error))
        except Exception:
            log.exception("the tool %s of /mcp failed", params.name)
            return _failed("internal_error", "Something went wrong in the service; its log says what.")
        text = orjson.dumps(told).decode()
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=told)

    def _asker(self, context: ServerRequestContext[Any]) -> Asker:
        async def progress(share: float, message: str) -> None:
            await context.session.report_progress(share, 1.0, message)

        request = context.request
        key_id = None if request is None else request.scope[CALLER]
        return Asker(self._services, key_id, progress)


def _failed(code: str, message: str) -> types.CallToolResult:
    """A failure that the model reads, and may mend."""
    told = {"code": code, "message": message}
    return types.CallToolResult(
        content=[types.TextContent(text=message)], structured_content={"error": told}, is_error=True
    )


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{pointer(one['loc']) or 'arguments'}: {one['msg']}" for one in error.errors()[:5])
