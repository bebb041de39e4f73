"""Claims: which due steps a runner gets, once every gate has let them go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Double,
    Integer,
    Text,
    and_,
    bindparam,
    func,
    null,
    update,
)
from sqlalchemy.types import TypeEngine

from orchestrator.domain.events import EventType
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Claim, StepId, StepStatus
from orchestrator.store.approvals import ApprovalGate
from orchestrator.store.budgets import RunBudget, binds
from orchestrator.store.codec import dumps, loads
from orchestrator.store.draws import CapGate, Draws, LimitGate
from orchestrator.store.due import due_steps
from orchestrator.store.ends import ask_repair
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.gates import Gate, Refuse, Wait
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.results import reusable
from orchestrator.store.suspects import SuspectGate
from orchestrator.store.tables import steps

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
    (steps.c.deadline_at - bindparam("now", type_=Double)).label("time_left"),
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
    due = due_steps(journal, ask.queues, room=ask.room)
    allowed = [row for row in due if ask.once or not row.once]
    passed_over = len(allowed) < len(due)
    runs_by_id = journal.lock((row.run_id for row in allowed), patient=False)
    free = [row for row in allowed if row.run_id in runs_by_id]
    gated = [row for row in free if row.gated]
    again = reusable(journal, gated) if gated else set()
    gated = [row for row in gated if StepId(row.run_id, row.idx) not in again]
    draws = Draws(journal, runs_by_id, gated) if gated else None
    gates: list[Gate] = [SuspectGate(journal, ask.owner), RunBudget(journal)]
    if draws is not None:
        gates += [CapGate(draws), ApprovalGate(journal), LimitGate(draws)]
    going = _decide(journal, runs_by_id, free, gates, again)
    # Behind what was held back, more may be due.
    held_back = len(free) < len(allowed) or (len(due) == ask.room and len(going) < len(free))
    journal.ring = journal.ring or held_back
    claims = _claim(journal, ask, going) if going else []
    if again:
        claims = [replace(claim, result_only=claim.id in again) for claim in claims]
    if draws is not None:
        draws.close()
    return Packet(claims, passed_over)


def _claim(journal: Journal, ask: ClaimAsk, going: Sequence[Any]) -> list[Claim]:
    rows = [{"run_id": row.run_id, "idx": row.idx, "owner": ask.owner} for row in going]
    statement = _CLAIM[journal.connection.dialect.name]
    claimed = journal.connection.execute(statement, {ROWS: dumps(rows), "now": journal.now}).all()
    claims = [claim_of(row) for row in claimed]
    for claim in claims:
        journal.event(claim.id.run_id, EventType.STEP_STARTED, started(claim))
    return claims


def _decide(
    journal: Journal,
    runs_by_id: Mapping[str, LockedRun],
    due: Sequence[Any],
    gates: Sequence[Gate],
    again: AbstractSet[StepId],
) -> list[Any]:
    """Those of the due steps that may be claimed; the others are written as waiting or failed.

    The first of the gates asks of every step, the second of those in runs with a budget, too.
    """
    going: list[Any] = []
    waiting: list[tuple[Any, Wait]] = []
    for row in due:
        run = runs_by_id[row.run_id]
        if run["status"] != RunStatus.RUNNING:
            continue
        asked = gates if row.gated else gates[: 1 + binds(run)]
        if StepId(row.run_id, row.idx) in again:
            asked = ()
        verdict = _verdict(asked, run, row)
        if verdict is None:
            going.append(row)
        elif isinstance(verdict, Wait):
            waiting.append((row, verdict))
        else:
            _refuse(journal, run, row, verdict)
    _have_wait(journal, waiting)
    return going


def _verdict(asked: Sequence[Gate], run: LockedRun, row: Any) -> Wait | Refuse | None:
    """What the first gate says that does not let it go; they take only once all do."""
    for gate in asked:
        verdict = gate.decide(run, row)
        if verdict is not None:
            return verdict
    for gate in asked:
        gate.take(run, row)
    return None


def _have_wait(journal: Journal, waiting: Sequence[tuple[Any, Wait]]) -> None:
    if not waiting:
        return
    rows = [
        {
            "run_id": row.run_id,
            "idx": row.idx,
            "cause": dumps(wait.cause),
            "due": wait.run_at,
            "line": wait.line,
            "since": row.run_at,
        }
        for row, wait in waiting
    ]
    statement = _WAIT[journal.connection.dialect.name]
    journal.connection.execute(statement, {ROWS: dumps(rows)})
    for row, wait in waiting:
        if row.status == StepStatus.READY or _awaits(loads(row.cause)) != _awaits(wait.cause):
            told = {"step": row.key, "subtask": row.subtask, "tool": row.tool, "cause": wait.cause}
            journal.event(row.run_id, EventType.STEP_WAITING, told)


def _awaits(cause: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """What of a cause makes it another one; who holds what is waited for changes all the time."""
    return tuple((cause or {}).get(name) for name in ("reason", "limit", "kind", "cap", "per"))


def _refuse(journal: Journal, run: LockedRun, row: Any, refused: Refuse) -> None:
    here = and_(steps.c.run_id == row.run_id, steps.c.idx == row.idx)
    values = {
        "status": StepStatus.FAILED.value,
        "error": dumps(refused.error),
        "finished_at": journal.now,
        "waits_for": None,
    }
    journal.connection.execute(update(steps).where(here).values(**values))
    run.add("open_steps", -1)
    ask_repair(journal, run)
    journal.event(
        run.id,
        EventType.STEP_FAILED,
        {"step": row.key, "subtask": row.subtask, "tool": row.tool, "error": refused.error},
    )


def _claim_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, [*KEY, ("owner", Text())])
    now = bindparam("now", type_=Double)
    return (
        update(steps)
        .values(
            status=StepStatus.RUNNING.value,
            cause=null(),
            progress=null(),
            fence=steps.c.fence + 1,
            tries=steps.c.tries + 1,
            owner=v.c.owner,
            lease_until=now + LEASE,
            started_at=now,
            run_at=null(),
            waits_for=null(),
            queued_at=null(),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.status.in_([StepStatus.READY.value, StepStatus.WAITING.value]),
        )
        .returning(*CLAIM_COLUMNS)
    )


def _wait_statement(dialect: str) -> Any:
    columns = [("cause", Text()), ("due", Double()), ("line", Text()), ("since", Double())]
    v = rows_from_json(dialect, [*KEY, *columns])
    return (
        update(steps)
        .values(
            status=StepStatus.WAITING.value,
            cause=v.c.cause,
            run_at=v.c.due,
            waits_for=v.c.line,
            queued_at=func.coalesce(steps.c.queued_at, v.c.since),
        )
        .where(steps.c.run_id == v.c.run_id, steps.c.idx == v.c.idx)
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
        time_left=row.time_left,
    )


def started(claim: Claim) -> dict[str, Any]:
    """What the event of a claim tells."""
    return {"step": claim.key, "subtask": claim.subtask, "tool": claim.tool, "attempt": claim.fence}


_CLAIM = {dialect: _claim_statement(dialect) for dialect in DIALECTS}
_WAIT = {dialect: _wait_statement(dialect) for dialect in DIALECTS}
