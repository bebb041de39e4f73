"""What every call gets whatever its kind: checks in and out, a time limit, usage, and a record."""

from __future__ import annotations

import asyncio
import logging
import time
from decimal import Decimal

from tools.adapter import Adapter, CallContext, Exchange
from tools.errors import BadOutput, ServerFault, TimedOut, ToolError
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
        schemas.check_output(result.output)
        return result


class Timed:
    """Bounds the time of a call and completes its usage: seconds, and money by the tool's price."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `TimedOut` after `context.timeout` seconds."""
        # A process has a clock of its own, which does not count the time spent waiting for one.
        own_clock = call.tool.kind is Kind.PYTHON and call.tool.runs is Runs.PROCESS
        started = time.perf_counter()
        try:
            async with asyncio.timeout(None if own_clock else context.timeout) as limit:
                result = await self._inner.call(call, context)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimedOut(f"{call.tool.name} took longer than {context.timeout:g} s and was ended") from None
        return ToolResult(result.output, _completed(call, result.usage, time.perf_counter() - started))


class Contained:
    """Lets `ToolError` and cancellation out and nothing else."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ServerFault` for a failure of the machine, `BadOutput` for a mistake of ours."""
        try:
            return await self._inner.call(call, context)
        except ToolError:
            raise
        except OSError as error:
            log.exception("calling %s failed", call.tool.name)
            raise ServerFault(f"{call.tool.name}: {error.strerror or type(error).__name__}") from error
        except Exception as error:
            log.exception("calling %s failed", call.tool.name)
            raise BadOutput(f"calling {call.tool.name} failed: {type(error).__name__}") from error


class Recorded:
    """Tells `context.record`, where there is one, what went in and out: bounded, without secrets."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        if context.record is None:
            return await self._inner.call(call, context)
        secrets = tuple(context.secrets.values())
        request = excerpt(call.arguments, secrets=secrets)
        started = time.perf_counter()
        reply, error = None, None
        try:
            result = await self._inner.call(call, context)
            reply = excerpt(result.output, secrets=secrets)
        except BaseException as raised:
            error = redact(str(raised) or type(raised).__name__, secrets)
            raise
        finally:
            seconds = time.perf_counter() - started
            context.record(Exchange(call.tool.name, request, reply, error, seconds))
        return result


def _completed(call: ToolCall, usage: Usage, seconds: float) -> Usage:
    """Usage with the seconds, and the prices of a call and of its seconds, added."""
    price = call.tool.price
    usd = usage.usd + price.per_call
    if price.per_second:
        usd += price.per_second * Decimal(f"{seconds:.6f}")
    return Usage(usd, usage.seconds or seconds, usage.tokens_in, usage.tokens_out)
