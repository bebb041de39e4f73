"""The children of steps that succeeded: one need less for each, and those that are free claimed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Double,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    literal,
    null,
    select,
    update,
)

from orchestrator.domain.events import EventType
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Claim, Foreseen, StepId, StepStatus
from orchestrator.store.claiming import CLAIM_COLUMNS, KEY, LEASE, claim_of, started
from orchestrator.store.codec import dumps, loads
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.tables import runs, steps


@dataclass(frozen=True, slots=True)
class Parent:
    """A step that succeeded: its children as JSON, and who would go on with how many of them.

    Whoever did it serves its queue for sure; children of another queue are left for those who serve that.
    """

    id: StepId
    children: str
    queue: str
    owner: str
    room: Callable[[], int]


#: For each child: its row of the statement, and the parent whose caller gets it when it is claimed.
_Wanted = dict[StepId, tuple[dict[str, Any], StepId]]


def promote_children(
    journal: Journal, parents: Sequence[Parent], runs_by_id: Mapping[str, LockedRun]
) -> dict[StepId, list[Claim]]:
    """The children claimed in this very commit, by parent: those that are free and that fit."""
    claims: dict[StepId, list[Claim]] = {}
    wanted = _wanted_children(parents, runs_by_id)
    if not wanted:
        return claims
    statement = _PROMOTE[journal.connection.dialect.name]
    parameters = {ROWS: dumps([row for row, _ in wanted.values()]), "now": journal.now}
    for row in journal.connection.execute(statement, parameters).all():
        if row.status == StepStatus.RUNNING.value:
            claim = claim_of(row)
            claims.setdefault(wanted[claim.id][1], []).append(claim)
            journal.event(row.run_id, EventType.STEP_STARTED, started(claim))
        elif row.status == StepStatus.READY.value:
            journal.ring = True
    return claims


def _wanted_children(parents: Sequence[Parent], runs_by_id: Mapping[str, LockedRun]) -> _Wanted:
    wanted: _Wanted = {}
    room: dict[str, int] = {}
    for parent in parents:
        run_id = parent.id.run_id
        run = runs_by_id[run_id]
        for idx in loads(parent.children):
            child = StepId(run_id, idx)
            if child in wanted:
                wanted[child][0]["n"] += 1
                continue
            left = room.setdefault(parent.owner, parent.room())
            inline = left > 0 and run["status"] == RunStatus.RUNNING and run["error"] is None
            room[parent.owner] = left - inline
            row = {"run_id": run_id, "idx": idx, "n": 1, "inline": inline}
            row |= {"owner": parent.owner, "queue": parent.queue}
            wanted[child] = (row, parent.id)
    return wanted


def _promote_statement(dialect: str) -> Any:
    v = rows_from_json(
        dialect,
        [*KEY, ("n", Integer()), ("inline", Boolean()), ("owner", Text()), ("queue", Text())],
    )
    now = bindparam("now", type_=Double)
    due = steps.c.needs_left - v.c.n <= 0
    # Gated calls need a decision, paid ones reserve money and once-only ones need a durable claim:
    # all go through `claim_steps`. (Version 0.1 lays paid and once-only steps that are not gated.)
    mine = and_(v.c.inline, steps.c.queue == v.c.queue)
    here = and_(due, mine, ~steps.c.gated, steps.c.worst_nano == 0, ~steps.c.once)
    return (
        update(steps)
        .values(
            needs_left=steps.c.needs_left - v.c.n,
            status=case(
                (here, literal(StepStatus.RUNNING.value)),
                (due, literal(StepStatus.READY.value)),
                else_=steps.c.status,
            ),
            fence=case((here, steps.c.fence + 1), else_=steps.c.fence),
            tries=case((here, steps.c.tries + 1), else_=steps.c.tries),
            owner=case((here, v.c.owner), else_=null()),
            lease_until=case((here, now + LEASE), else_=null()),
            started_at=case((here, now), else_=steps.c.started_at),
            run_at=case((due, now), else_=null()),
            deadline_at=case((due, now + steps.c.deadline), else_=null()),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.status == StepStatus.PENDING.value,
        )
        .returning(*CLAIM_COLUMNS)
    )


def foresee(connection: Connection, children: Mapping[StepId, StepId]) -> list[Foreseen]:
    """Those of the children that will be free to go without any decision, with what they still wait for.

    Each is given with the parent that asks, all in two statements, however many they are.
    """
    free, missing = _FORESEE[connection.dialect.name]
    asked = [{"run_id": id_.run_id, "idx": id_.idx, "parent": parent.idx} for id_, parent in children.items()]
    rows = connection.execute(free, {ROWS: dumps(asked)}).all()
    if not rows:
        return []
    needs = {(row.run_id, row.idx): frozenset(loads(row.needs)) for row in rows}
    every = {(run_id, need) for (run_id, _), needed in needs.items() for need in needed}
    among = {ROWS: dumps([{"run_id": run_id, "idx": need} for run_id, need in sorted(every)])}
    open_: dict[str, set[int]] = {}
    for run_id, idx in connection.execute(missing, among).all():
        open_.setdefault(run_id, set()).add(idx)
    return [
        Foreseen(claim_of(row), needs[row.run_id, row.idx] & open_.get(row.run_id, set())) for row in rows
    ]


def _foresee_statements(dialect: str) -> tuple[Any, Any]:
    v = rows_from_json(dialect, [*KEY, ("parent", Integer())])
    then = {"fence": steps.c.fence + 1, "tries": steps.c.tries + 1, "time_left": steps.c.deadline}
    columns = [then.get(column.name, column).label(column.name) for column in CLAIM_COLUMNS]
    parent = steps.alias("parent")
    free = select(*columns, steps.c.needs).where(
        steps.c.run_id == v.c.run_id,
        steps.c.idx == v.c.idx,
        parent.c.run_id == v.c.run_id,
        parent.c.idx == v.c.parent,
        steps.c.queue == parent.c.queue,
        runs.c.id == v.c.run_id,
        runs.c.status == RunStatus.RUNNING.value,
        runs.c.error.is_(None),
        steps.c.status == StepStatus.PENDING.value,
        steps.c.fence == 0,
        steps.c.previous.is_(None),
        steps.c.worst_nano == 0,
        ~steps.c.gated,
        ~steps.c.once,
    )
    needed = rows_from_json(dialect, KEY)
    missing = select(steps.c.run_id, steps.c.idx).where(
        steps.c.run_id == needed.c.run_id,
        steps.c.idx == needed.c.idx,
        steps.c.status != StepStatus.SUCCEEDED.value,
    )
    return free, missing


_FORESEE = {dialect: _foresee_statements(dialect) for dialect in DIALECTS}
_PROMOTE = {dialect: _promote_statement(dialect) for dialect in DIALECTS}
