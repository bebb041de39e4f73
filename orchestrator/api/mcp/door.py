"""`/mcp`: who is let in; the protocol itself is imported when somebody asks."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from orchestrator.api.edge import own_origin
from orchestrator.api.problems import problem
from orchestrator.bootstrap import Services

if TYPE_CHECKING:
    from orchestrator.api.mcp.server import ServedTools

PATH = "/mcp"


class McpDoor:
    """The ASGI application at `/mcp`; `running` must be entered while it serves."""

    def __init__(self, services: Services, *, version: str, max_body: int) -> None:
        self._services = services
        self._version = version
        self._max_body = max_body
        self._asked = asyncio.Event()
        self._served: asyncio.Future[ServedTools] | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the context is open."""
        self._asked, self._served = asyncio.Event(), asyncio.get_running_loop().create_future()
        owner = asyncio.create_task(self._own(self._served), name="toolpath-mcp")
        try:
            yield
        finally:
            owner.cancel()
            await asyncio.wait([owner])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Host, key and size were looked at before; an Origin, which only browsers send, must be ours."""
        headers = Headers(scope=scope)
        if "origin" in headers and not own_origin(headers):
            detail = "A browser may call this only from the service's own pages (matching Origin)."
            await problem(403, detail, code="foreign_origin")(scope, receive, send)
            return
        assert self._served is not None
        self._asked.set()
        served = await asyncio.shield(self._served)
        await served.handle(scope, receive, send)

    async def _own(self, served: asyncio.Future[ServedTools]) -> None:
        """Begin at the first request, in a task of its own: what runs inside may not change tasks."""
        await self._asked.wait()
        try:
            module: Any = await asyncio.to_thread(importlib.import_module, "orchestrator.api.mcp.server")
            tools = module.ServedTools(self._services, version=self._version, max_body=self._max_body)
            async with tools.running():
                served.set_result(tools)
                await asyncio.Event().wait()
        except Exception as error:
            if not served.done():
                served.set_exception(error)
            raise
