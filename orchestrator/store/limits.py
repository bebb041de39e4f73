"""Limits and caps as people set them and as tools' records state them, and the steps they hold for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.limits import BUCKET, Cap, Limit, key_pool, period_start, tool_pool
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import NotFound
from orchestrator.ports import NewStep
from orchestrator.store.codec import load, nano, usd
from orchestrator.store.journal import Journal
from orchestrator.store.lines import CAP, SPENT, cap_line, spent_line
from orchestrator.store.pools import lock_pools, wake
from orchestrator.store.tables import caps, pools, runs, slots, steps, tools
from tools.spec import Tool

#: Who set a limit.
OPERATOR, RECORD, PART = "operator", "record", "bucket"
_RUNS_OPEN = [status.value for status in RunStatus
              if status not in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)]  # fmt: skip
_STEPS_OPEN = [StepStatus.PENDING.value, StepStatus.READY.value, StepStatus.RUNNING.value,
               StepStatus.WAITING.value]  # fmt: skip


def limited_steps(connection: Connection, key_id: str | None, new: Sequence[NewStep]) -> AbstractSet[int]:
    """The numbers of those new steps that draw from a pool that exists."""
    own = () if key_id is None else (key_pool(key_id),)
    draws = {step.idx: {*own, tool_pool(step.tool), *step.pools} for step in new}
    names = set().union(*draws.values())
    found = set(connection.execute(select(pools.c.name).where(pools.c.name.in_(names))).scalars())
    return {idx for idx, drawn in draws.items() if drawn & found} if found else frozenset()


def set_limit(journal: Journal, limit: Limit, *, source: str = OPERATOR) -> None:
    """Set a limit in place of what stood under its name; what its caps have spent stays."""
    connection = journal.connection
    values = {
        "source": source,
        "concurrency": limit.concurrency,
        "rate": limit.rate,
        "burst": limit.burst,
        "split_by": limit.by,
        "updated_at": journal.now,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(pools).values(name=limit.name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    _set_caps(journal, limit)
    hold_open_steps(connection, [limit.name], now=journal.now)
    _dismiss(connection, steps.c.waits_for == spent_line(limit.name))
    for pool in lock_pools(journal, [limit.name]).values():
        wake(journal, pool)
    journal.ring = True


def _set_caps(journal: Journal, limit: Limit) -> None:
    connection = journal.connection
    mine = caps.c.pool == limit.name
    rows = {row.period: row for row in connection.execute(select(caps).where(mine))}
    wanted = {cap.per: nano(cap.usd) for cap in limit.caps}
    connection.execute(delete(caps).where(mine, caps.c.period.notin_(wanted)))
    for period, most in wanted.items():
        if period in rows:
            here = mine & (caps.c.period == period)
            connection.execute(update(caps).where(here).values(cap_nano=most))
        else:
            start = period_start(period, journal.now)
            values = {"pool": limit.name, "period": period, "cap_nano": most, "period_start": start}
            connection.execute(insert(caps).values(**values))


def set_paused(journal: Journal, name: str, *, paused: bool) -> None:
    """Hold all calls under a name back, or let them go; what limits them stays."""
    connection, here = journal.connection, pools.c.name == name
    if paused:
        values = {"source": RECORD, "updated_at": journal.now, "paused": True}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(pools).values(name=name, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"paused": True}))
        hold_open_steps(connection, [name], now=journal.now)
        return
    held = update(pools).where(here, pools.c.paused.is_(True)).values(paused=False)
    if not connection.execute(held).rowcount:
        return
    # What was made for the pause alone goes with it.
    nothing = pools.c.concurrency.is_(None) & pools.c.rate.is_(None) & (pools.c.source == RECORD)
    connection.execute(delete(pools).where(here, nothing))
    _dismiss(connection, steps.c.waits_for == name)
    journal.ring = True


def remove_limit(journal: Journal, name: str) -> None:
    """Take a limit away; a tool's own one serves again. Raises `NotFound`."""
    connection = journal.connection
    found = connection.execute(select(pools.c.paused).where(pools.c.name == name)).one_or_none()
    if found is None:
        raise NotFound(f"there is no limit {name!r}")
    if found.paused:  # a person holds its calls back, whatever limits them
        set_limit(journal, Limit(name), source=RECORD)
        return
    connection.execute(delete(caps).where(caps.c.pool == name))
    connection.execute(delete(pools).where(pools.c.name == name))
    parts = pools.c.name.startswith(name + BUCKET, autoescape=True)
    connection.execute(delete(pools).where(parts))
    drawn = slots.c.pool.startswith(name + BUCKET, autoescape=True)
    connection.execute(delete(slots).where(or_(slots.c.pool == name, drawn)))
    own = _stated(connection, name)
    if own is not None:
        set_limit(journal, own, source=RECORD)
    lines = [name, cap_line(name), spent_line(name)]
    buckets = steps.c.waits_for.startswith(name + BUCKET, autoescape=True)
    _dismiss(connection, or_(steps.c.waits_for.in_(lines), buckets))
    journal.ring = True


def _dismiss(connection: Connection, waiting: Any) -> None:
    """Have all of a line looked at anew."""
    still = steps.c.status == StepStatus.WAITING.value
    connection.execute(update(steps).where(waiting, still).values(run_at=steps.c.queued_at, waits_for=None))


def _stated(connection: Connection, name: str) -> Limit | None:
    """What the newest record of a tool states."""
    scope, _, tool = name.partition(":")
    if scope != "tool":
        return None
    query = (
        select(tools.c.record)
        .where(tools.c.name == tool, tools.c.removed_at.is_(None))
        .order_by(tools.c.version.desc())
    )
    text = connection.execute(query.limit(1)).scalar_one_or_none()
    return None if text is None else limit_of(load(Tool, text))


def limit_of(tool: Tool) -> Limit | None:
    """The limit that a tool's record states, if it states one."""
    limits = tool.limits
    if limits.concurrency is None and limits.rate is None:
        return None
    return Limit(tool_pool(tool.name), limits.concurrency, limits.rate, by=limits.by, source=RECORD)


def follow_records(journal: Journal, registered: Iterable[Tool]) -> None:
    """Have the limits that nobody set by hand say what the tools' records say."""
    _follow(journal, {tool_pool(tool.name): limit_of(tool) for tool in registered})


def follow_record(journal: Journal, name: str, limit: Limit | None) -> None:
    """Have the limit of that name say what a record says, unless somebody set it by hand."""
    _follow(journal, {name: limit})


def _follow(journal: Journal, stated: Mapping[str, Limit | None]) -> None:
    query = select(pools.c.name, pools.c.source).where(pools.c.name.in_(stated))
    known = {row.name: row.source for row in journal.connection.execute(query)}
    for name, limit in stated.items():
        if known.get(name, RECORD) != RECORD:
            continue
        if limit is not None:
            set_limit(journal, limit, source=RECORD)
        elif name in known:
            journal.connection.execute(delete(pools).where(pools.c.name == name))


def drop_record(journal: Journal, name: str) -> None:
    """A tool or an endpoint was removed, and with it what its record stated under that name."""
    here = (pools.c.name == name) & (pools.c.source == RECORD)
    journal.connection.execute(delete(pools).where(here))


def read_limits(connection: Connection, names: Sequence[str] | None = None, *, now: float) -> list[Limit]:
    """Limits by name, with what runs and waits under each and what its caps have spent."""
    query = select(pools).where(pools.c.source != PART).order_by(pools.c.name)
    if names is not None:
        query = query.where(pools.c.name.in_(names))
    rows = connection.execute(query).all()
    found = [row.name for row in rows]
    their_caps = connection.execute(select(caps).where(caps.c.pool.in_(found))).all()
    held = select(slots.c.pool, func.count().label("running"), func.sum(slots.c.reserved_nano).label("nanos"))
    counted = {row.pool: row for row in connection.execute(held.group_by(slots.c.pool))}
    line = select(steps.c.waits_for, func.count().label("waiting")).where(
        steps.c.waits_for.is_not(None), steps.c.status == StepStatus.WAITING.value
    )
    waiting = {row.waits_for: row.waiting for row in connection.execute(line.group_by(steps.c.waits_for))}
    return [_limit(row, [cap for cap in their_caps if cap.pool == row.name], counted, waiting, now)
            for row in rows]  # fmt: skip


def _limit(
    row: Any, their_caps: Sequence[Any], counted: Mapping[str, Any], waiting: Mapping[str, int], now: float
) -> Limit:
    mine = counted.get(row.name)
    reserved = usd(0 if mine is None else int(mine.nanos))
    shown = tuple(
        Cap(
            usd(cap.cap_nano),
            cap.period,
            usd(cap.spent_nano if cap.period_start >= period_start(cap.period, now) else 0),
            reserved,
        )
        for cap in their_caps
    )
    lines = (n for name, n in waiting.items() if _pool_of(name) == row.name)
    return Limit(
        name=row.name,
        concurrency=row.concurrency,
        rate=row.rate,
        burst=row.burst,
        by=row.split_by,
        caps=shown,
        source=row.source,
        paused=row.paused,
        running=0 if mine is None else mine.running,
        waiting=sum(lines),
    )


def _pool_of(line: str) -> str:
    return line.removeprefix(CAP).removeprefix(SPENT).partition(BUCKET)[0]


def hold_open_steps(connection: Connection, names: Sequence[str], *, now: float) -> None:
    """Have limits hold for steps that were laid before them; what runs already takes up slots."""
    for name in names:
        drawn = _drawing_from(name)
        open_runs = steps.c.run_id.in_(select(runs.c.id).where(runs.c.status.in_(_RUNS_OPEN)))
        gate = update(steps).where(steps.c.status.in_(_STEPS_OPEN), ~steps.c.gated, open_runs, drawn)
        connection.execute(gate.values(gated=True))
        held = select(slots.c.idx).where(
            slots.c.run_id == steps.c.run_id, slots.c.idx == steps.c.idx, slots.c.pool == name
        )
        running = select(steps.c.run_id, steps.c.idx, literal(name), steps.c.worst_nano, literal(now)).where(
            steps.c.status == StepStatus.RUNNING.value, drawn, ~held.exists()
        )
        columns = ["run_id", "idx", "pool", "reserved_nano", "taken_at"]
        connection.execute(insert(slots).from_select(columns, running))


def _drawing_from(name: str) -> Any:
    scope, _, rest = name.partition(":")
    if scope == "tool":
        return steps.c.tool == rest
    if scope == "key":
        return steps.c.run_id.in_(select(runs.c.id).where(runs.c.key_id == rest))
    return steps.c.pools.contains(f'"{name}"', autoescape=True)
