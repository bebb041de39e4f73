"""Calls of tools of MCP servers, each by a warm session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mcp_types as types

from tools.adapter import CallContext
from tools.adapters.credentials import Authority
from tools.asking import Ask
from tools.errors import (
    BadArguments,
    BadInputFile,
    BadOutput,
    DefinitionChanged,
    InputNeeded,
    MaybeDone,
    NotAuthorised,
    ServerFault,
    TimedOut,
    ToolError,
    Unavailable,
)
from tools.masking import Mask
from tools.mcp.asking import Replies, ask_of, asked_in_words, asks_of, bounded, masked, replies, resumed
from tools.mcp.contents import output_of, text_of
from tools.mcp.definitions import offered, pin
from tools.mcp.discovery import completed
from tools.mcp.offers import Offered
from tools.mcp.pool import Sessions
from tools.mcp.sanitising import cleaned
from tools.mcp.servers import Address, StdioServer
from tools.mcp.session import START_SECONDS, Session
from tools.mcp.told import Lost, SessionOver
from tools.net import Net
from tools.redaction import redact
from tools.spec import Effect, File, Json, Kind, Tool, ToolCall, ToolResult

#: Characters of what a tool says when it fails.
_EXCERPT = 1_000

#: Told of a tool whose server now defines it otherwise than was approved, and how.
Changed = Callable[[Tool, Offered], Awaitable[None]]


_Answered = types.CallToolResult | types.InputRequiredResult
_Made = Callable[[Session, Replies, str | None], Awaitable[_Answered]]
#: Seconds before a server that is not ready is asked again, at first and at most.
_SOON, _LATER = 0.05, 2.0


class _NoFiles:
    """Who asks what there is takes no files and makes none."""

    async def load(self, artifact: str) -> File:
        raise BadInputFile(f"there is no artifact {artifact}")

    async def save(self, path: Path, *, media_type: str, name: str) -> Mapping[str, Json]:
        raise BadInputFile(f"{name} ({media_type}) cannot be kept here: {path.name}")


class Calls:
    """Asks servers what they offer, and calls their tools; `changed` is told of changed definitions."""

    def __init__(self, net: Net, servers: Mapping[str, StdioServer], changed: Changed) -> None:
        self._sessions = Sessions(net, servers)
        self._authority = Authority(net)
        self._net = net
        self._changed = changed

    async def offered(
        self, address: Address, *, prefix: str, auth: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Offered:
        """What the server offers now; `secrets` are those that `auth` names. Raises `ToolError`."""
        context = CallContext("", files=_NoFiles(), scratch=Path(), secrets=secrets)
        try:
            if address.url is not None:
                auth = await completed(self._net, address.url, auth, timeout=START_SECONDS)
            asker = Tool(address.label, "", Kind.MCP, {}, {}, auth=auth, binding={"url": address.url})
            headers = await self._headers(asker, context)
            session = await self._sessions.get(address, auth=auth, secrets=secrets, headers=headers)
            found = (await session.tools(fresh=True)).values()
        except ToolError as error:
            if secrets:
                # What a server says of credentials may repeat them.
                error.args = (redact(str(error), (*secrets.values(), *context.derived)),)
            raise
        return offered(found, address, prefix=prefix, auth=auth)

    async def _headers(self, tool: Tool, context: CallContext, refused: str | None = None) -> dict[str, str]:
        if tool.auth and tool.binding.get("url"):
            await self._net.check_secrecy(str(tool.binding["url"]))
        made = await self._authority.credentials(tool, context, headers={}, refused=refused)
        return made.headers

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`; what may have been done and must not be done twice is `MaybeDone`."""
        sent = False
        try:
            async with asyncio.timeout(context.timeout) as limit:
                session = await self._session(call.tool, context)
                sent = True
                result = await self._authorised(session, call, context)
                return ToolResult(await _output(call.tool, result, context))
        except TimeoutError:
            if not limit.expired():
                raise
            late = f"{call.tool.name} took longer than {context.timeout:g} s and was cancelled"
            raise _repeatable(call.tool, TimedOut(late), sent=sent) from None
        except Lost as error:
            raise _repeatable(call.tool, error, sent=sent) from error
        except InputNeeded as error:
            if context.secrets:
                mask = Mask((*context.secrets.values(), *context.derived))
                error.asks = tuple(masked(ask, mask) for ask in error.asks)
            raise

    async def aclose(self) -> None:
        """End every session."""
        await self._sessions.aclose()

    async def _session(self, tool: Tool, context: CallContext) -> Session:
        """A session whose server still defines the tool as it was approved."""
        try:
            return await self._checked(tool, context)
        except (SessionOver, Lost):
            # Nothing was called yet, so the server may simply be started, or joined, anew.
            return await self._checked(tool, context)

    async def _checked(self, tool: Tool, context: CallContext) -> Session:
        session = await self._sessions.get(
            Address.of(tool),
            auth=tool.auth,
            secrets=context.secrets,
            headers=await self._headers(tool, context),
        )
        await self._check(session, tool)
        return session

    @contextlib.asynccontextmanager
    async def _replying(self, session: Session, tool: Tool, context: CallContext) -> AsyncIterator[Session]:
        """The session; where questions will be answered in it one of its own, or others might be answered."""
        known = replies(context.answers)
        if not known:
            yield session
            return
        own = await self._sessions.alone(Address.of(tool), await self._headers(tool, context))
        try:
            await self._check(own, tool)
            own.replies = known
            yield own
        finally:
            own.retire()

    async def _authorised(
        self, session: Session, call: ToolCall, context: CallContext
    ) -> types.CallToolResult:
        """The answer; a token that was refused may have been revoked, and is fetched anew once."""
        try:
            return await self._answer(session, call, context)
        except NotAuthorised:
            if "oauth2" not in call.tool.auth:
                raise
            refused = session.headers.get("Authorization", "").removeprefix("Bearer ")
            session.headers.update(await self._headers(call.tool, context, refused))
            return await self._answer(session, call, context)

    async def _check(self, session: Session, tool: Tool) -> None:
        definition = (await session.tools()).get(tool.binding["tool"])
        if definition is None:
            raise Unavailable(f"{session.address.label} offers no {tool.binding['tool']} any more")
        if pin(definition) != tool.binding["definition"]:
            now = offered([definition], Address.of(tool), prefix="", auth=tool.auth)
            await self._changed(tool, now)
            raise DefinitionChanged(
                f"{session.address.label} has changed what {tool.name} is: look at the change and approve it"
            )

    async def _answer(self, session: Session, call: ToolCall, context: CallContext) -> types.CallToolResult:
        async def told(progress: float, total: float | None, message: str | None) -> None:
            share = min(max(progress / total, 0.0), 1.0) if total else 0.0
            said = redact(message or "", (*context.secrets.values(), *context.derived))
            context.progress(share, cleaned(said, longest=_EXCERPT))

        # The protocol knows no idempotency key; servers that do find it here.
        meta = {"toolpath.dev/idempotency-key": context.idempotency_key}
        if context.traceparent:
            meta["traceparent"] = context.traceparent

        async def made(session: Session, answers: Replies, state: str | None) -> _Answered:
            name = call.tool.binding["tool"]
            return await session.call(
                name, call.arguments, meta=meta, progress=told, answers=answers, state=state
            )

        answers, state = resumed(context.answers)
        async with self._replying(session, call.tool, context) as asked:
            before = asked.questions
            try:
                result = await self._settled(asked, made, answers, state)
            except SessionOver:
                asked.retire()
                anew = await self._session(call.tool, context)
                return _ended(call.tool, await self._settled(anew, made, answers, state))
            except (ServerFault, BadArguments):
                if asked.questions is not before:
                    raise _needed(call.tool, _new(asked.questions, before)) from None
                raise
            if asked.questions is not before and _wants_an_answer(call.tool, result):
                raise _needed(call.tool, _new(asked.questions, before))
            return _ended(call.tool, result)

    async def _settled(self, session: Session, made: _Made, answers: Replies, state: str | None) -> _Answered:
        """What the call ends with; a server that only wants to be asked again later is."""
        result, pause = await made(session, answers, state), _SOON
        while isinstance(result, types.InputRequiredResult) and not result.input_requests:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LATER)
            result = await made(session, {}, result.request_state)
        return result


def _wants_an_answer(tool: Tool, result: _Answered) -> bool:
    """Whether a call in which a question stayed open is made again with its answer.

    One that succeeded all the same may have done what must not be done twice.
    """
    return isinstance(result, types.CallToolResult) and (result.is_error or tool.effect is not Effect.ONCE)


def _ended(tool: Tool, result: _Answered) -> types.CallToolResult:
    if isinstance(result, types.InputRequiredResult):
        raise _needed(tool, asks_of(result), result.request_state)
    return result


def _new(
    questions: Sequence[types.ElicitRequestParams], before: Sequence[types.ElicitRequestParams]
) -> tuple[Ask, ...]:
    """What was asked since, each question once."""
    asked = [ask_of(one) for one in questions if not any(one is old for old in before)]
    return bounded(list({ask.key: ask for ask in asked}.values()))


async def _output(tool: Tool, result: types.CallToolResult, context: CallContext) -> dict[str, Any]:
    if result.is_error:
        said = redact(text_of(result.content)[: 2 * _EXCERPT], context.secrets.values())
        raise BadArguments(f"{tool.name} failed: {cleaned(said, longest=_EXCERPT) or 'it does not say why'}")
    try:
        return await output_of(result, tool.output_schema, context)
    except RecursionError:
        raise BadOutput("the server's answer is nested too deep") from None


def _needed(tool: Tool, asks: tuple[Ask, ...], state: str | None = None) -> InputNeeded:
    """An answer may take days, so the question is what the call ends with."""
    words = f"{tool.name} asks in the middle of the call: {asked_in_words(asks)}"
    return InputNeeded(words, asks=asks, state=state)


def _repeatable(tool: Tool, error: ToolError, *, sent: bool) -> ToolError:
    if tool.effect is Effect.ONCE and sent:
        return MaybeDone(f"{error}; the call may have been made, so it is not repeated")
    return error
