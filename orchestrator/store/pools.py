"""Pools: what many steps draw from, read and changed under the lock of their rows.

A pool is a tool, an API key, an endpoint, a group, or one bucket of a tool whose calls are counted
apart by an argument. A running step holds one slot in each of its pools; how many run and how much
is reserved is counted from the slots, so there is no counter to go wrong. Who gives a slot back
wakes the next in the pool's line in the same commit: nobody polls, and nobody is overtaken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Double,
    Integer,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from orchestrator.domain.limits import BUCKET, most_tokens, period_start, tokens_at
from orchestrator.domain.step import StepId
from orchestrator.store.codec import dumps
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal
from orchestrator.store.lines import Room, cap_line, wake_line
from orchestrator.store.tables import caps, pools, slots, steps

#: The number under which a run's planning holds slots.
PLANNING = -1


@dataclass(slots=True)
class CapRow:
    """A cap with what is spent in the present period."""

    period: str
    cap_nano: int
    start: float
    spent_nano: int


@dataclass(slots=True)
class Pool:
    """A locked pool. One that is split by an argument limits its buckets, not itself; its caps stay."""

    name: str
    concurrency: int | None
    rate: float | None
    burst: float | None
    split_by: str | None
    #: Calls that may start now by its rate.
    tokens: float = math.inf
    running: int = 0
    reserved_nano: int = 0
    caps: list[CapRow] = field(default_factory=list)
    paused: bool = False

    @property
    def free(self) -> float:
        """How many more may run at once."""
        if self.paused:
            return 0
        if self.concurrency is None or self.split_by is not None:
            return math.inf
        return self.concurrency - self.running

    @property
    def paced(self) -> bool:
        """Whether its own calls are limited by a rate."""
        return self.rate is not None and self.split_by is None


def with_parents(names: Iterable[str]) -> list[str]:
    """The names, and those of the tools' pools that buckets among them belong to; sorted."""
    return sorted({part for name in names for part in (name.partition(BUCKET)[0], name)})


def lock_pools(journal: Journal, names: Iterable[str]) -> dict[str, Pool]:
    """Those of the pools that exist, locked in the order of their names until the commit.

    A bucket has the limits of its tool's pool, and is held by the lock of that one.
    """
    wanted = with_parents(names)
    if not wanted:
        return {}
    connection = journal.connection
    parameters = {ROWS: dumps([{"name": name} for name in wanted])}
    dialect = connection.dialect.name
    rows = {row.name: row for row in connection.execute(_LOCK[dialect], parameters)}
    if not rows:
        return {}
    found = {name: _pool(row, rows, journal.now) for name, row in rows.items()}
    for row in connection.execute(_CAPS[dialect], parameters):
        found[row.pool].caps.append(_cap(row, journal.now))
    for row in connection.execute(_COUNT[dialect], parameters):
        if row.pool in found:
            found[row.pool].running, found[row.pool].reserved_nano = row.running, int(row.reserved)
    return found


def _pool(row: Any, rows: Mapping[str, Any], now: float) -> Pool:
    rules = rows.get(row.name.partition(BUCKET)[0], row)
    split = row.split_by
    tokens = math.inf
    if rules.rate is not None and split is None:
        tokens = tokens_at(
            now, rate=rules.rate, burst=rules.burst, tokens=row.tokens, filled_at=row.filled_at
        )
    return Pool(
        row.name, rules.concurrency, rules.rate, rules.burst, split, tokens, paused=bool(rules.paused)
    )


def _cap(row: Any, now: float) -> CapRow:
    start = period_start(row.period, now)
    return CapRow(row.period, row.cap_nano, start, row.spent_nano if row.period_start >= start else 0)


def add_bucket(journal: Journal, name: str, tool: Pool) -> Pool:
    """A bucket that no call fell into before; its tool's pool is locked."""
    values = {"name": name, "source": "bucket", "updated_at": journal.now}
    journal.connection.execute(insert(pools).values(**values))
    tokens = math.inf if tool.rate is None else most_tokens(tool.rate, tool.burst)
    return Pool(name, tool.concurrency, tool.rate, tool.burst, None, tokens)


def write_tokens(journal: Journal, changed: Iterable[Pool]) -> None:
    """What is left in the token buckets of these locked pools."""
    rows = [{"name": pool.name, "left": pool.tokens} for pool in changed if pool.paced]
    if rows:
        statement = _TOKENS[journal.connection.dialect.name]
        journal.connection.execute(statement, {ROWS: dumps(rows), "filled": journal.now})


def hold(journal: Journal, held: Sequence[tuple[StepId, Pool, int]]) -> None:
    """Slots of steps that are about to run, each with what it reserves (nano-dollars) in a locked pool."""
    if not held:
        return
    dialect = postgresql if journal.connection.dialect.name == "postgresql" else sqlite
    insert_ = dialect.insert(slots)
    rows = [
        {
            "run_id": step.run_id,
            "idx": step.idx,
            "pool": pool.name,
            "reserved_nano": nanos,
            "taken_at": journal.now,
        }
        for step, pool, nanos in held
    ]
    # One that is there already was left behind by a step that ended under an older version.
    again = {"reserved_nano": insert_.excluded.reserved_nano, "taken_at": insert_.excluded.taken_at}
    journal.connection.execute(
        insert_.on_conflict_do_update(index_elements=["run_id", "idx", "pool"], set_=again), rows
    )


def give_back(journal: Journal, ended: Mapping[StepId, int]) -> None:
    """Free what steps held that run no more, charge what each spent (nano-dollars), wake who waits."""
    connection, dialect = journal.connection, journal.connection.dialect.name
    parameters = {ROWS: dumps([{"run_id": step.run_id, "idx": step.idx} for step in ended])}
    held = connection.execute(_HELD[dialect], parameters).all()
    if not held:
        return
    # Under the lock: whoever is being put into a line right now is seen there, or sees the free slot.
    found = lock_pools(journal, {row.pool for row in held})
    connection.execute(_FREE[dialect], parameters)
    spent: dict[str, int] = {}
    for row in held:
        spent[row.pool] = spent.get(row.pool, 0) + ended[StepId(row.run_id, row.idx)]
        if row.pool in found:
            found[row.pool].running -= 1
            found[row.pool].reserved_nano -= row.reserved_nano
    charge(journal, [(pool, spent.get(pool.name, 0)) for pool in found.values()])
    for name in {row.pool for row in held}:
        if name in found:
            wake(journal, found[name])


def charge(journal: Journal, spent: Sequence[tuple[Pool, int]]) -> None:
    """Add money to the caps of locked pools, in their present periods."""
    for pool, nanos in spent:
        for cap in pool.caps:
            cap.spent_nano += nanos
            here = (caps.c.pool == pool.name) & (caps.c.period == cap.period)
            journal.connection.execute(
                update(caps).where(here).values(spent_nano=cap.spent_nano, period_start=cap.start)
            )


def wake(journal: Journal, pool: Pool) -> None:
    """Let those at the head of a locked pool's lines go, as many as there is room for."""
    if pool.free > 0 and (pool.concurrency is not None or pool.rate is not None):
        rate = pool.rate if pool.paced else None
        wake_line(journal, pool.name, Room(calls=pool.free, rate=rate, tokens=pool.tokens))
    if pool.caps:
        unspent = min(cap.cap_nano - cap.spent_nano for cap in pool.caps)
        room = Room(nanos=unspent - pool.reserved_nano, unspent=unspent)
        wake_line(journal, cap_line(pool.name), room)


def holders(journal: Journal, name: str) -> list[dict[str, str]]:
    """Who holds slots of a pool, the first few: run and step."""
    rows = journal.connection.execute(_HOLDERS, {"pool": name})
    return [{"run": row.run_id, "step": row.key or "planning"} for row in rows]


_NAME: list[tuple[str, TypeEngine[Any]]] = [("name", Text())]
_STEP: list[tuple[str, TypeEngine[Any]]] = [("run_id", Text()), ("idx", Integer())]


def _lock_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, _NAME)
    return select(pools).where(pools.c.name.in_(select(v.c.name))).order_by(pools.c.name).with_for_update()


def _caps_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, _NAME)
    return select(caps).where(caps.c.pool.in_(select(v.c.name))).order_by(caps.c.pool, caps.c.period)


def _count_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, _NAME)
    reserved = func.coalesce(func.sum(slots.c.reserved_nano), 0).label("reserved")
    return (
        select(slots.c.pool, func.count().label("running"), reserved)
        .where(slots.c.pool.in_(select(v.c.name)))
        .group_by(slots.c.pool)
    )


def _tokens_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, [*_NAME, ("left", Double())])
    filled = bindparam("filled", type_=Double)
    return update(pools).values(tokens=v.c.left, filled_at=filled).where(pools.c.name == v.c.name)


def _held_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, _STEP)
    return select(slots.c.pool, slots.c.run_id, slots.c.idx, slots.c.reserved_nano).join_from(
        slots, v, (slots.c.run_id == v.c.run_id) & (slots.c.idx == v.c.idx)
    )


def _free_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, _STEP)
    return delete(slots).where(tuple_(slots.c.run_id, slots.c.idx).in_(select(v.c.run_id, v.c.idx)))


_HOLDERS = (
    select(slots.c.run_id, steps.c.key)
    .join_from(slots, steps, (slots.c.run_id == steps.c.run_id) & (slots.c.idx == steps.c.idx), isouter=True)
    .where(slots.c.pool == bindparam("pool", type_=Text))
    .order_by(slots.c.taken_at, slots.c.run_id, slots.c.idx)
    .limit(5)
)
_LOCK = {dialect: _lock_statement(dialect) for dialect in DIALECTS}
_CAPS = {dialect: _caps_statement(dialect) for dialect in DIALECTS}
_COUNT = {dialect: _count_statement(dialect) for dialect in DIALECTS}
_TOKENS = {dialect: _tokens_statement(dialect) for dialect in DIALECTS}
_HELD = {dialect: _held_statement(dialect) for dialect in DIALECTS}
_FREE = {dialect: _free_statement(dialect) for dialect in DIALECTS}
