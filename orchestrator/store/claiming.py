"""Claims: which due steps a runner gets, and what their budget allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Double,
    Integer,
    Text,
    and_,
    bindparam,
    null,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from orchestrator.domain.events import EventType
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Claim, StepId, StepStatus
from orchestrator.store.codec import dumps, loads
from orchestrator.store.ends import ask_repair
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.tables import runs, steps

#: Seconds a claim holds without a heartbeat.
LEASE = 9.0


KEY: list[tuple[str, TypeEngine[Any]]] = [("run_id", Text()), ("idx", Integer())]


CLAIM_COLUMNS = (
    steps.c.run_id,
    steps.c.idx,
    steps.c.fence,
    steps.c.key,
    steps.c.subtask,
    steps.c.subtask_type,
    steps.c.tool,
    steps.c.tool_version,
    steps.c.arguments,
    steps.c.previous,
    steps.c.children,
    steps.c.revision,
    steps.c.tries,
    steps.c.timeout,
    steps.c.step_gate,
    steps.c.aliases,
    steps.c.status,
)


@dataclass(frozen=True, slots=True)
class ClaimAsk:
    """A packet asked for by a runner; `once` lets calls in that must never be repeated.

    Their claim must survive a power cut, so they are claimed in a durable commit only.
    """

    owner: str
    queues: tuple[str, ...]
    room: int
    once: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """The steps claimed, and whether once-only ones were passed over."""

    claims: list[Claim]
    passed_over: bool = False


def claim_steps(journal: Journal, asks: Sequence[ClaimAsk]) -> list[Packet]:
    """Claim due steps for each runner that asks."""
    return [_claim_packet(journal, ask) for ask in asks]


def _claim_packet(journal: Journal, ask: ClaimAsk) -> Packet:
    connection = journal.connection
    query = _DUE.where(steps.c.queue.in_(ask.queues))
    due = connection.execute(query, {"now": journal.now, "room": ask.room}).all()
    allowed = [row for row in due if ask.once or not row.once]
    passed_over = len(allowed) < len(due)
    runs_by_id = journal.lock((row.run_id for row in allowed), patient=False)
    free = [row for row in allowed if row.run_id in runs_by_id]
    journal.ring = journal.ring or len(free) < len(allowed)
    affordable = [row for row in free if _reserve(journal, runs_by_id[row.run_id], row)]
    if not affordable:
        return Packet([], passed_over)
    rows = [{"run_id": row.run_id, "idx": row.idx, "owner": ask.owner} for row in affordable]
    statement = _CLAIM[connection.dialect.name]
    claimed = connection.execute(statement, {ROWS: dumps(rows), "now": journal.now}).all()
    claims = [claim_of(row) for row in claimed]
    for claim in claims:
        journal.event(claim.id.run_id, EventType.STEP_STARTED, started(claim))
    return Packet(claims, passed_over)


def _reserve(journal: Journal, run: LockedRun, row: Any) -> bool:
    """Set the worst cost aside; what the budget cannot hold waits, or fails if nothing is in flight."""
    if run["status"] != RunStatus.RUNNING:
        return False
    tokens_left = run["budget_tokens"] is None or run["tokens"] < run["budget_tokens"]
    if run["budget_nano"] is None and tokens_left:
        return True
    fits = run["budget_nano"] is None or (
        run["spent_nano"] + run["reserved_nano"] + row.worst_nano <= run["budget_nano"]
    )
    if (fits or row.worst_nano == 0) and tokens_left:
        run.add("reserved_nano", row.worst_nano if run["budget_nano"] is not None else 0)
        return True
    _refuse(journal, run, row, wait=run["reserved_nano"] > 0 and tokens_left)
    return False


def _refuse(journal: Journal, run: LockedRun, row: Any, *, wait: bool) -> None:
    here = and_(steps.c.run_id == row.run_id, steps.c.idx == row.idx)
    if wait:
        cause = {"reason": "budget", "detail": "other calls in flight hold the rest of the budget"}
        values = {"status": StepStatus.WAITING.value, "cause": dumps(cause), "run_at": journal.now + 1.0}
        journal.connection.execute(update(steps).where(here).values(**values))
        return
    error = {
        "code": "budget_exhausted",
        "message": f"the rest of the budget cannot hold the worst cost of {row.tool!r}",
    }
    values = {"status": StepStatus.FAILED.value, "error": dumps(error), "finished_at": journal.now}
    journal.connection.execute(update(steps).where(here).values(**values))
    run.add("open_steps", -1)
    ask_repair(journal, run)
    journal.event(
        run.id,
        EventType.STEP_FAILED,
        {"step": row.key, "subtask": row.subtask, "tool": row.tool, "error": error},
    )


_DUE = (
    select(
        steps.c.run_id,
        steps.c.idx,
        steps.c.worst_nano,
        steps.c.tool,
        steps.c.key,
        steps.c.subtask,
        steps.c.once,
    )
    .join_from(steps, runs, steps.c.run_id == runs.c.id)
    .where(
        steps.c.status.in_([StepStatus.READY.value, StepStatus.WAITING.value]),
        steps.c.run_at <= bindparam("now", type_=Double),
        runs.c.status == RunStatus.RUNNING.value,
        runs.c.error.is_(None),
    )
    .order_by(steps.c.priority.desc(), steps.c.run_at, steps.c.run_id, steps.c.idx)
    .limit(bindparam("room", type_=Integer))
    .with_for_update(of=steps, skip_locked=True)
)


def _claim_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, [*KEY, ("owner", Text())])
    now = bindparam("now", type_=Double)
    return (
        update(steps)
        .values(
            status=StepStatus.RUNNING.value,
            cause=null(),
            fence=steps.c.fence + 1,
            tries=steps.c.tries + 1,
            owner=v.c.owner,
            lease_until=now + LEASE,
            started_at=now,
            run_at=null(),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.status.in_([StepStatus.READY.value, StepStatus.WAITING.value]),
        )
        .returning(*CLAIM_COLUMNS)
    )


def claim_of(row: Any) -> Claim:
    """A claimed row as the executor needs it."""
    return Claim(
        id=StepId(row.run_id, row.idx),
        fence=row.fence,
        key=row.key,
        subtask=row.subtask,
        subtask_type=row.subtask_type,
        tool=row.tool,
        tool_version=row.tool_version,
        arguments=loads(row.arguments),
        previous=row.previous,
        children=tuple(loads(row.children)),
        revision=row.revision,
        tries=row.tries,
        timeout=row.timeout,
        step_gate=row.step_gate,
        aliases=loads(row.aliases),
    )


def started(claim: Claim) -> dict[str, Any]:
    """What the event of a claim tells."""
    return {"step": claim.key, "subtask": claim.subtask, "tool": claim.tool, "attempt": claim.fence}


_CLAIM = {dialect: _claim_statement(dialect) for dialect in DIALECTS}
