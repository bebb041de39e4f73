"""Which due steps a runner is offered: by priority, then fairly between API keys, then by age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Double, Integer, bindparam, exists, func, or_, select

from orchestrator.domain.run import RunStatus
from orchestrator.store.journal import Journal
from orchestrator.store.lines import several_keys
from orchestrator.store.tables import CLAIMABLE, LEASED, runs, steps

_NOW = bindparam("now", type_=Double)
_ROOM = bindparam("room", type_=Integer)
_UNDER_WAY = runs.c.status == RunStatus.RUNNING.value
_AGE = (steps.c.run_at, steps.c.run_id, steps.c.idx)
_COLUMNS = (
    steps.c.run_id,
    steps.c.idx,
    steps.c.worst_nano,
    steps.c.tool,
    steps.c.key,
    steps.c.subtask,
    steps.c.once,
    # Steps that version 0.1 laid say so only by what they are.
    or_(steps.c.gated, steps.c.once, steps.c.worst_nano > 0).label("gated"),
    steps.c.approval,
    steps.c.result_key,
    steps.c.previous,
    steps.c.arguments,
    steps.c.fence,
    steps.c.deaths,
    steps.c.pools,
    steps.c.status,
    steps.c.cause,
    steps.c.priority,
    steps.c.run_at,
)
_IS_DUE = (
    CLAIMABLE,
    steps.c.run_at <= _NOW,
    _UNDER_WAY,
    runs.c.error.is_(None),
)


def due_steps(journal: Journal, queues: Sequence[str], *, room: int) -> Sequence[Any]:
    """At most `room` due steps, locked, of those that nobody else has locked.

    While all that is due fits, or one API key has all the runs, age decides. Else, between steps of
    equal priority, the next one goes to the key with the fewest steps running; keys that tie take
    turns, the one that was served longest ago first.
    """
    wanted, values = steps.c.queue.in_(queues), {"now": journal.now, "room": room}
    due = journal.connection.execute(_OLDEST.where(wanted), values).all()
    if len(due) < room or not due[0].named or not several_keys(journal):
        return due
    # What is locked now and not taken, others pass over.
    journal.ring = True
    return journal.connection.execute(_fair(queues), values).all()


#: Whether any run has an API key at all: read on the way, so that who has none pays for nothing.
_NAMED = exists().where(_UNDER_WAY, runs.c.key_id.is_not(None)).correlate(None).label("named")
_OLDEST = (
    select(*_COLUMNS, _NAMED)
    .join_from(steps, runs, steps.c.run_id == runs.c.id)
    .where(*_IS_DUE)
    .order_by(steps.c.priority.desc(), *_AGE)
    .limit(_ROOM)
    .with_for_update(of=steps, skip_locked=True)
)


def _fair(queues: Sequence[str]) -> Any:
    """A key's n-th due step counts as if the n - 1 before it ran already."""
    owner = func.coalesce(runs.c.key_id, "").label("owner")
    busy = (
        select(owner, func.count().label("running"))
        .join_from(steps, runs, steps.c.run_id == runs.c.id)
        .where(LEASED)
        .group_by(owner)
        .subquery("busy")
    )
    served = select(owner, func.max(runs.c.updated_at).label("at")).where(_UNDER_WAY).group_by(owner)
    last = served.subquery("last")
    nth = func.row_number().over(partition_by=(steps.c.priority, owner), order_by=_AGE)
    turns = (
        select(steps.c.run_id, steps.c.idx, (nth + func.coalesce(busy.c.running, 0)).label("turn"), last.c.at)
        .join_from(steps, runs, steps.c.run_id == runs.c.id)
        .join(last, last.c.owner == owner)
        .outerjoin(busy, busy.c.owner == owner)
        .where(*_IS_DUE, steps.c.queue.in_(queues))
        .subquery("turns")
    )
    return (
        select(*_COLUMNS)
        .join_from(steps, turns, (steps.c.run_id == turns.c.run_id) & (steps.c.idx == turns.c.idx))
        .where(CLAIMABLE)
        .order_by(steps.c.priority.desc(), turns.c.turn, turns.c.at, *_AGE)
        .limit(_ROOM)
        .with_for_update(of=steps, skip_locked=True)
    )
