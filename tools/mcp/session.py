"""One warm connection to a server: owned by one task, used by many."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import mcp_types as types
from mcp import Client, MCPError
from mcp.client.session import ClientRequestContext, IncomingMessage
from mcp.shared.dispatcher import ProgressFnT
from pydantic import TypeAdapter, ValidationError

from tools.errors import BadOutput, ServerFault, TimedOut, ToolError, Unavailable, Unreachable
from tools.mcp.asking import MOST_QUESTIONS, key_of
from tools.mcp.complaints import Complaints
from tools.mcp.servers import Address
from tools.mcp.told import Lost, error_told

#: Seconds for a server to start and to say what it is.
START_SECONDS = 30.0
#: Seconds that what a server offers is taken for what it still offers.
FRESH_SECONDS = 30.0
_PAGES = 100
#: Tools of one server.
MOST_TOOLS = 2_000
#: Seconds that a cancelled call may take to say so to its server.
_PARTING = 2.0
#: Told to a server that asks in the middle of a call.
_LATER = "A person is being asked; their answer comes with another call of the same tool."
_RESULT: TypeAdapter[Any] = TypeAdapter(types.CallToolResult | types.InputRequiredResult)

T = TypeVar("T")


class Session:
    """A connection that lives in a task of its own, since no cancel scope of the SDK may cross tasks."""

    def __init__(
        self,
        address: Address,
        *,
        open_client: Callable[[Session], AbstractAsyncContextManager[Client]],
        complaints: Complaints,
        idle_seconds: float,
    ) -> None:
        self.address = address
        self.in_flight = 0
        self.used_at = time.monotonic()
        #: Credentials that requests over the network carry.
        self.headers: dict[str, str] = {}
        self.complaints = complaints
        self._open_client = open_client
        self._idle_seconds = idle_seconds
        self._stopping = asyncio.Event()
        self._client: Client | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = asyncio.create_task(self._own(), name=f"toolpath-{address.label}")
        #: What the server has asked of a person without an answer, and what it is answered, by `key_of`.
        self.questions: list[types.ElicitRequestParams] = []
        self.replies: Mapping[str, types.ElicitResult] = {}
        self._tools: Mapping[str, types.Tool] = {}
        self._listed_at = -FRESH_SECONDS
        self._listing = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Whether calls may still be handed to it."""
        return not self._owner.done() and not self._stopping.is_set()

    async def ready(self) -> None:
        """Once it can be used. Raises `ToolError` when it cannot be."""
        await asyncio.shield(self._ready)

    async def close(self) -> None:
        """End it; calls in flight fail."""
        self.retire()
        await asyncio.wait([self._owner])

    def retire(self) -> None:
        """End it soon, from wherever this is said."""
        self._stopping.set()

    # --- what is asked of it ----------------------------------------------------------------

    async def tools(self, *, fresh: bool = False) -> Mapping[str, types.Tool]:
        """What the server offers, by its own names; asked anew when the last answer is old."""
        async with self._listing:
            if fresh or time.monotonic() - self._listed_at >= FRESH_SECONDS:
                self._tools = await self._handed(self._list())
                self._listed_at = time.monotonic()
            return self._tools

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        meta: Mapping[str, Any],
        progress: ProgressFnT,
        answers: Mapping[str, types.ElicitResult] | None = None,
        state: str | None = None,
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Raises `ToolError`; a cancelled caller has the server told to stop.

        `answers` and `state` belong to what an earlier call of it ended with.
        """
        params = types.CallToolRequestParams.model_validate(
            {"name": name, "arguments": dict(arguments), "_meta": dict(meta)}
        )
        if answers or state is not None:
            given = dict(answers) if answers else None
            params = params.model_copy(update={"input_responses": given, "request_state": state})
        request = types.CallToolRequest(params=params)
        session = self._connected().session
        # Not `call_tool`: that checks the answer by regular expressions of the server's own, without bounds.
        return await self._handed(session.send_request(request, _RESULT, progress_callback=progress))

    async def _list(self) -> Mapping[str, types.Tool]:
        session = self._connected().session
        found: dict[str, types.Tool] = {}
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
            found |= {tool.name: tool for tool in page.tools}
            cursor = page.next_cursor
            if cursor is None:
                return found
            if len(found) > MOST_TOOLS:
                break
        raise BadOutput(f"{self.address.label} offers more than {MOST_TOOLS:,} tools, or pages without end")

    async def _handed(self, work: Awaitable[T]) -> T:
        """What the work gives, in a task of its own that ends when the connection does."""
        task = asyncio.ensure_future(work)
        self.in_flight += 1
        try:
            await asyncio.wait([task, self._owner], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self._gone(sent=True)
            return task.result()
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED:
                self.retire()
                raise self._gone(sent=True) from None
            raise error_told(error, self.address.label) from None
        except ValidationError as error:
            raise BadOutput(f"{self.address.label} broke the protocol: {error.errors()[0]['msg']}") from None
        finally:
            self.in_flight -= 1
            self.used_at = time.monotonic()
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=_PARTING)

    def _connected(self) -> Client:
        if self._client is None or not self.alive:
            raise self._gone(sent=False)
        return self._client

    def _gone(self, *, sent: bool) -> ToolError:
        last = self.complaints.last
        words = f"{self.address.label} has gone" + (f"; the last it said: {last}" if last else "")
        return Lost(words) if sent else Unreachable(words)

    # --- the task that owns it --------------------------------------------------------------

    async def _own(self) -> None:
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(START_SECONDS):
                    self._client = await stack.enter_async_context(self._open_client(self))
                self._ready.set_result(None)
                await self._until_idle()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(self._failed(error))
                self._ready.exception()  # whoever waits is told; where nobody does, that is no fault
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._client = None

    async def _until_idle(self) -> None:
        while not self._stopping.is_set():
            rest = self.used_at + self._idle_seconds - time.monotonic()
            if rest <= 0 and not self.in_flight:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(rest, 0.05)):
                    await self._stopping.wait()

    def _failed(self, error: BaseException) -> ToolError:
        """Why it could not be started, in words."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        label, last = self.address.label, self.complaints.last
        if isinstance(error, ToolError):
            return error
        if isinstance(error, TimeoutError):
            return TimedOut(f"{label} did not say within {START_SECONDS:g} s what it is")
        if isinstance(error, MCPError) and error.code != types.CONNECTION_CLOSED:
            return error_told(error, label)
        if isinstance(error, (ValidationError, ValueError)):
            return BadOutput(f"{label} does not speak the protocol")
        if isinstance(error, RuntimeError):
            return Unavailable(f"{label} speaks none of the versions of the protocol that are known here")
        return ServerFault(f"{label} ended while it was being started" + (f": {last}" if last else ""))

    async def asked(
        self,
        context: ClientRequestContext,
        params: types.ElicitRequestParams,
    ) -> types.ElicitResult | types.ErrorData:
        """What the server asks of a person: answered at once where the answer is known.

        Else it hears of an error, not of a person who has declined: so it ends the call, most likely.
        """
        reply = self.replies.get(key_of(params))
        if reply is not None:
            return reply
        self.questions = [*self.questions[-MOST_QUESTIONS:], params]
        return types.ErrorData(code=types.INVALID_REQUEST, message=_LATER)

    async def heard(self, message: IncomingMessage) -> None:
        """What the server says unasked: that it offers something else now."""
        if isinstance(message, types.ToolListChangedNotification):
            self._listed_at = -FRESH_SECONDS
