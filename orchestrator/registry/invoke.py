"""Trying a tool out: one call, checked on both sides, with what was asked and answered."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.domain.ids import new_id
from orchestrator.ports import Artifacts, Catalog, ToolCaller
from tools.adapter import CallContext, Exchange
from tools.spec import Tool, ToolResult


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call made: its result, and what was sent and got, bounded and without secrets."""

    tool: Tool
    result: ToolResult
    exchanges: tuple[Exchange, ...]


async def invoke(
    name: str, arguments: Mapping[str, Any], *, catalog: Catalog, caller: ToolCaller, artifacts: Artifacts
) -> Invocation:
    """Call the newest version of a tool; files it makes become artifacts. Raises `NotFound`, `ToolError`."""
    tool = (await catalog.entry(name)).tool
    exchanges: list[Exchange] = []
    with tempfile.TemporaryDirectory(prefix="toolpath-invoke-") as scratch:
        context = CallContext(
            idempotency_key=new_id("try"),
            files=artifacts,
            scratch=Path(scratch),
            timeout=tool.limits.timeout,
            record=exchanges.append,
        )
        result = await caller.call(tool, arguments, context)
    return Invocation(tool, result, tuple(exchanges))
