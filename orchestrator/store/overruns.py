"""Calls that cost more than was set aside for them: what the next ones set aside rises to that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog
from sqlalchemy import update

from orchestrator.domain.step import StepStatus
from orchestrator.errors import NotFound
from orchestrator.execution.scheduler import worst_usd
from orchestrator.store.codec import dump, nano, usd
from orchestrator.store.counting import tell_of_change
from orchestrator.store.journal import Journal
from orchestrator.store.rows import pinned_tool
from orchestrator.store.tables import steps, tools
from tools.spec import Tool

log = structlog.get_logger(__name__)

#: Steps that set aside what they may cost when they are claimed, which is still to come.
_TO_COME = [status.value for status in (StepStatus.PENDING, StepStatus.READY, StepStatus.WAITING)]


def learn_worst(journal: Journal, costs: Iterable[tuple[str, int, int]]) -> None:
    """Believe each (tool, version) to cost as much again as a call of it has cost (nano-dollars).

    The belief stays with the version until its record states another price.
    """
    most: dict[tuple[str, int], int] = {}
    for name, version, nanos in costs:
        most[name, version] = max(nanos, most.get((name, version), 0))
    # In one order in all processes, so that none waits for another in a circle.
    for (name, version), nanos in sorted(most.items()):
        try:
            tool = pinned_tool(journal.connection, name, version)
        except NotFound:
            continue
        if nanos > nano(worst_usd(tool)):
            _raise_worst(journal, tool, nanos)


def _raise_worst(journal: Journal, tool: Tool, nanos: int) -> None:
    seen = usd(nanos)
    log.warning("tool.cost_more", tool=tool.name, usd=str(seen), believed=str(worst_usd(tool)))
    here = (tools.c.name == tool.name) & (tools.c.version == tool.version)
    record = dump(Tool, replace(tool, most_seen=seen))
    number = tell_of_change(journal.connection)
    journal.connection.execute(
        update(tools).where(here).values(record=record, updated_at=journal.now, changed=number)
    )
    laid = (steps.c.tool == tool.name) & (steps.c.tool_version == tool.version)
    cheaper = laid & steps.c.status.in_(_TO_COME) & (steps.c.worst_nano < nanos)
    journal.connection.execute(update(steps).where(cheaper).values(worst_nano=nanos, gated=True))
