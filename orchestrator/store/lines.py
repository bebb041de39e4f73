"""The lines of pools: steps that wait for a slot or for their turn by rate, and who is woken next.

Between steps of equal priority the API keys take turns, as they do for free workers; steps of one
key go in the order in which they became due.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Double, Integer, Text, bindparam, func, select, update

from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.store.codec import dumps
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal
from orchestrator.store.tables import runs, slots, steps

#: Who stands in a line and was not woken looks again by itself after so many seconds.
PATIENCE = 60.0
#: Of those who wait for a rate, so many seconds' worth know their time ahead; at least so many.
_AHEAD = 0.5
_FEWEST_AHEAD = 8
#: Before the name of a pool: the line of those who wait for its money.
CAP = "cap:"
SPENT = "spent:"
#: No commit wakes more than this.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Room:
    """What a line's head may take: calls at once, tokens that fill at a rate, money in nano-dollars.

    `unspent` is the money that is there or held by calls in flight: who needs more has waited in vain.
    """

    calls: float = math.inf
    rate: float | None = None
    tokens: float = math.inf
    nanos: float = math.inf
    unspent: float = math.inf


def cap_line(pool: str) -> str:
    """The line of those who wait for money of a pool, and not for a slot."""
    return CAP + pool


def spent_line(pool: str) -> str:
    """Where those stand who wait for the next period: only a changed cap lets them go before."""
    return SPENT + pool


def wake_line(journal: Journal, line: str, room: Room) -> None:
    """Make the first in line due: at once as far as there is room, at a rate when their token will be there.

    The line's pool is locked. Nobody goes before one who came earlier and does not fit.
    """
    most = _MOST if room.rate is None else max(0.0, room.tokens) + max(_FEWEST_AHEAD, room.rate * _AHEAD)
    count = math.ceil(min(room.calls, most, _MOST))
    if count <= 0:
        return
    connection = journal.connection
    query = _FIRST_FAIR if several_keys(journal) else _FIRST
    rows: list[dict[str, Any]] = []
    nanos = room.nanos
    for place, row in enumerate(connection.execute(query, {"line": line, "room": count}), start=1):
        if row.worst_nano <= room.unspent:  # else it is woken to be told so
            nanos -= row.worst_nano
            if nanos < 0:
                break
        delay = 0.0 if room.rate is None else max(0.0, (place - room.tokens) / room.rate)
        # Due since it came: so it goes before whatever has come after it.
        due = journal.now + delay if delay > 0 else min(row.queued_at, journal.now)
        rows.append({"run_id": row.run_id, "idx": row.idx, "due": due})
    if not rows:
        return
    connection.execute(_DUE[connection.dialect.name], {ROWS: dumps(rows)})
    soonest = min(row["due"] for row in rows)
    if soonest <= journal.now:
        journal.ring = True
    else:
        journal.ring_at = min(soonest, journal.ring_at or soonest)


def several_keys(journal: Journal) -> bool:
    """Whether runs of more than one API key (or of one and the service's own) are under way."""
    one, other = journal.connection.execute(_NAMED_KEYS).one()
    if one is None:
        return False
    return one != other or journal.connection.execute(_OWN_KEY).first() is not None


_UNDER_WAY = runs.c.status == RunStatus.RUNNING.value
_NAMED_KEYS = select(func.min(runs.c.key_id), func.max(runs.c.key_id)).where(
    _UNDER_WAY, runs.c.key_id.is_not(None)
)
_OWN_KEY = select(runs.c.id).where(_UNDER_WAY, runs.c.key_id.is_(None)).limit(1)


def _first_statement() -> Any:
    """In the order of the line's index."""
    return (
        select(steps.c.run_id, steps.c.idx, steps.c.queued_at, steps.c.worst_nano)
        .join_from(steps, runs, steps.c.run_id == runs.c.id)
        .where(
            steps.c.waits_for == bindparam("line", type_=Text),
            steps.c.status == StepStatus.WAITING.value,
            _UNDER_WAY,
            runs.c.error.is_(None),
        )
        .order_by(steps.c.priority.desc(), steps.c.queued_at, steps.c.run_id, steps.c.idx)
        .limit(bindparam("room", type_=Integer))
        # Whom another holds at this moment is about to go, or to be put back under the pool's lock.
        .with_for_update(of=steps, skip_locked=True)
    )


def _first_fair_statement() -> Any:
    """Keys take turns: a key's n-th waiting step counts behind what it has running in the pool."""
    name = bindparam("line", type_=Text)
    owner = func.coalesce(runs.c.key_id, "")
    pool = func.replace(name, CAP, "")
    running = (
        select(owner.label("owner"), func.count().label("running"))
        .join_from(slots, runs, slots.c.run_id == runs.c.id)
        .where(slots.c.pool == pool)
        .group_by(owner)
        .subquery("busy")
    )
    order = (steps.c.queued_at, steps.c.run_id, steps.c.idx)
    turn = func.row_number().over(partition_by=(steps.c.priority, owner), order_by=order)
    line = (
        select(
            steps.c.run_id,
            steps.c.idx,
            (turn + func.coalesce(running.c.running, 0)).label("turn"),
        )
        .join_from(steps, runs, steps.c.run_id == runs.c.id)
        .outerjoin(running, running.c.owner == owner)
        .where(
            steps.c.waits_for == name,
            steps.c.status == StepStatus.WAITING.value,
            _UNDER_WAY,
            runs.c.error.is_(None),
        )
        .subquery("line")
    )
    return (
        select(steps.c.run_id, steps.c.idx, steps.c.queued_at, steps.c.worst_nano)
        .join_from(steps, line, (steps.c.run_id == line.c.run_id) & (steps.c.idx == line.c.idx))
        .where(steps.c.status == StepStatus.WAITING.value, steps.c.waits_for == name)
        .order_by(steps.c.priority.desc(), line.c.turn, *order)
        .limit(bindparam("room", type_=Integer))
        .with_for_update(of=steps, skip_locked=True)
    )


def _due_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, [("run_id", Text()), ("idx", Integer()), ("due", Double())])
    return update(steps).values(run_at=v.c.due).where(steps.c.run_id == v.c.run_id, steps.c.idx == v.c.idx)


_FIRST = _first_statement()
_FIRST_FAIR = _first_fair_statement()
_DUE = {dialect: _due_statement(dialect) for dialect in DIALECTS}
