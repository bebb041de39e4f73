"""Trying a tool out: one call, checked on both sides, with what was asked and answered."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from orchestrator.domain.ids import new_id
from orchestrator.domain.limits import key_pool, shared_pools, tool_pool
from orchestrator.errors import Conflict
from orchestrator.execution.scheduler import worst_usd
from orchestrator.ports import Artifacts, Catalog, Secrets, ToolCaller
from tools.adapter import CallContext, Exchange
from tools.auth import secret_names
from tools.errors import ToolError
from tools.spec import Tool, ToolResult, Usage


class Spending(Protocol):
    """Limits and caps of calls that are no steps."""

    async def reserve(self, call: str, *, pools: Sequence[str], usd: Decimal) -> None:
        """A place in each pool, and the most it can cost. Raises `LimitReached`, `BudgetTooSmall`."""
        ...

    async def settle(self, call: str, *, pools: Sequence[str], usd: Decimal, tool: Tool) -> None:
        """Give the places back, charge what it took, and believe the tool to cost as much again."""
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call made: its result, and what was sent and got, bounded and without secrets."""

    tool: Tool
    result: ToolResult
    exchanges: tuple[Exchange, ...]


async def invoke(
    name: str,
    arguments: Mapping[str, Any],
    *,
    catalog: Catalog,
    caller: ToolCaller,
    artifacts: Artifacts,
    secrets: Secrets,
    spending: Spending,
    key_id: str | None = None,
) -> Invocation:
    """Call the newest version of a tool; files it makes become artifacts.

    Its limits and caps, and those of the API key `key_id`, hold as for a step. Raises `NotFound`,
    `Conflict` for a disabled one, `ToolError`, `LimitReached`, `BudgetTooSmall`.
    """
    entry = await catalog.entry(name)
    if entry.status == "disabled":
        raise Conflict(f"{name!r} is disabled ({entry.reason}); enable it with POST /v1/tools/{name}/enable")
    tool = entry.tool
    call = new_id("try")
    pools = [tool_pool(name), *shared_pools(tool), *(() if key_id is None else (key_pool(key_id),))]
    worst = worst_usd(tool)
    await spending.reserve(call, pools=pools, usd=worst)
    spent = worst  # of a call that is cut off nobody knows what it took
    try:
        made = await _call(tool, arguments, call, caller=caller, artifacts=artifacts, secrets=secrets)
        spent = made.result.usage.usd
    except ToolError as error:
        spent = (error.usage or Usage()).usd
        raise
    finally:
        await spending.settle(call, pools=pools, usd=spent, tool=tool)
    return made


async def _call(
    tool: Tool,
    arguments: Mapping[str, Any],
    call: str,
    *,
    caller: ToolCaller,
    artifacts: Artifacts,
    secrets: Secrets,
) -> Invocation:
    exchanges: list[Exchange] = []
    with tempfile.TemporaryDirectory(prefix="toolpath-invoke-") as scratch:
        context = CallContext(
            idempotency_key=call,
            files=artifacts,
            scratch=Path(scratch),
            timeout=tool.limits.timeout,
            secrets=await secrets.values(secret_names(tool)),
            record=exchanges.append,
        )
        result = await caller.call(tool, arguments, context)
    return Invocation(tool, result, tuple(exchanges))
