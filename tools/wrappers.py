"""What every call gets whatever its kind: checks in and out, a time limit, usage, and a record."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from dataclasses import replace
from decimal import Decimal

from tools.adapter import Adapter, CallContext, Exchange
from tools.errors import BadOutput, ServerFault, TimedOut, ToolError, no_room
from tools.masking import Mask
from tools.redaction import excerpt, redact
from tools.schemas import schemas_of
from tools.spec import Kind, Runs, ToolCall, ToolResult, Usage

log = logging.getLogger(__name__)


class Validated:
    """Fills in defaults, checks arguments by the input schema and the result by the output schema."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `BadArguments` before the call, `BadOutput` after it."""
        schemas = schemas_of(call.tool)
        arguments = schemas.arguments(call.arguments)
        result = await self._inner.call(ToolCall(call.tool, arguments), context)
        if not result.in_file:
            schemas.check_output(result.output)
        return result


class Masked:
    """Keeps the secrets of a call out of what comes back from it, whatever the peer repeats."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises what the call raises, with every secret in its message masked."""
        if not context.secrets:
            return await self._inner.call(call, context)
        try:
            result = await self._inner.call(call, context)
        except ToolError as error:
            # What it was raised from may say more, and a log would tell it.
            raise _masked(error, context.mask) from None
        return replace(result, output=context.mask.value(result.output))


class Timed:
    """Bounds the time of a call and completes its usage: seconds, and money by the tool's price."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `TimedOut` after `context.timeout` seconds."""
        # A process has a clock of its own, which does not count the time spent waiting for one; and
        # who calls a server by MCP must say at the end of the time whether the call may have been made.
        own_clock = call.tool.kind is Kind.MCP or (
            call.tool.kind is Kind.PYTHON and call.tool.runs is Runs.PROCESS
        )
        started = time.perf_counter()
        try:
            async with asyncio.timeout(None if own_clock else context.timeout) as limit:
                result = await self._inner.call(call, context)
        except TimeoutError:
            if not limit.expired():
                raise
            late = TimedOut(f"{call.tool.name} took longer than {context.timeout:g} s and was ended")
            raise _billed(late, call, context, time.perf_counter() - started) from None
        except ToolError as error:
            _billed(error, call, context, time.perf_counter() - started)
            raise
        usage = _completed(call, result.usage, context, time.perf_counter() - started)
        return replace(result, usage=usage)


class Contained:
    """Lets `ToolError` and cancellation out and nothing else."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `NoRoom` or `ServerFault` for the machine's failures, `BadOutput` for mistakes of ours."""
        try:
            return await self._inner.call(call, context)
        except ToolError:
            raise
        except OSError as error:
            _log_fault(call, context, error)
            full = no_room(error, call.tool.name)
            if full is not None:
                raise full from None
            raise ServerFault(f"{call.tool.name}: {error.strerror or type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 - it is logged, without what may be secret of it
            _log_fault(call, context, error)
            raise BadOutput(f"calling {call.tool.name} failed: {type(error).__name__}") from None


class Recorded:
    """Tells `context.record`, where there is one, what went in and out: bounded, without secrets."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        if context.record is None:
            return await self._inner.call(call, context)
        request = excerpt(call.arguments, secrets=context.secrets.values())
        started = time.perf_counter()
        reply, error = None, None
        try:
            result = await self._inner.call(call, context)
            reply = excerpt(result.output, secrets=_hidden(context))
        except BaseException as raised:
            error = redact(str(raised) or type(raised).__name__, _hidden(context))
            raise
        finally:
            seconds = time.perf_counter() - started
            context.record(Exchange(call.tool.name, request, reply, error, seconds))
        return result


def _hidden(context: CallContext) -> tuple[str, ...]:
    """All that must not be seen: the secrets, and what the call has made of them."""
    return (*context.secrets.values(), *context.derived)


def _masked(error: ToolError, mask: Mask) -> ToolError:
    error.args = tuple(mask.text(part) if isinstance(part, str) else part for part in error.args)
    error.__cause__ = error.__context__ = None
    return error


def _log_fault(call: ToolCall, context: CallContext, error: Exception) -> None:
    """A trace of our own mistake; the words of an exception may hold what was sent."""
    trace = context.mask.text("".join(traceback.format_exception(error)))
    log.error("calling %s failed\n%s", call.tool.name, trace)


def _billed(error: ToolError, call: ToolCall, context: CallContext, seconds: float) -> ToolError:
    """A failure with what its call took: of one that was answered, and paid, as much as of a success."""
    if error.usage is not None:
        error.usage = _completed(call, error.usage, context, seconds)
    elif context.gpu_seconds:
        error.usage = Usage(seconds=seconds, gpu_seconds=sum(context.gpu_seconds))
    return error


def _completed(call: ToolCall, usage: Usage, context: CallContext, seconds: float) -> Usage:
    """Usage with seconds, GPU-seconds, and the prices of a call and of its seconds, added."""
    price = call.tool.price
    usd = usage.usd + price.per_call
    if price.per_second:
        usd += price.per_second * Decimal(f"{seconds:.6f}")
    gpu_seconds = sum(context.gpu_seconds)
    return replace(usage, usd=usd, seconds=usage.seconds or seconds, gpu_seconds=gpu_seconds)
