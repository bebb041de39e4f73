"""One group of writes: the runs it holds under lock, their counters and new events.

The event numbers of a run are given under its row's lock in the commit that makes the events,
so a follower that reads in order of number never misses one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Connection, Double, Text, bindparam, select, update
from sqlalchemy.types import TypeEngine

from orchestrator.domain.events import EventType
from orchestrator.errors import NotFound
from orchestrator.store.codec import dumps
from orchestrator.store.engine import ROWS, rows_from_json
from orchestrator.store.outbox import Outbox
from orchestrator.store.tables import events, runs

#: What every writer of a run needs to see of it while it holds the lock.
LOCKED = (
    "status",
    "job",
    "last_event",
    "open_steps",
    "path_version",
    "budget_nano",
    "budget_tokens",
    "spent_nano",
    "reserved_nano",
    "tokens",
    "reserved_tokens",
    "seconds",
    "gpu_seconds",
    "error",
    "started_at",
    "finished_at",
    "job_at",
    "notify",
    "key_id",
    "deadline_at",
    "undoing",
)


@dataclass(slots=True)
class LockedRun:
    """A run's row under lock; `changes` are written back when the journal is flushed."""

    id: str
    values: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.changes[name] if name in self.changes else self.values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.changes[name] = value

    def add(self, name: str, amount: float) -> None:
        """Raise a counter."""
        if amount:
            self.changes[name] = self[name] + amount


class Journal:
    """What a group of writes shares: connection, time, locked runs, and what to tell after the commit.

    Runs are locked in order of id, so that two groups seldom wait for each other in a circle.
    """

    def __init__(self, connection: Connection, now: float, *, calm: bool = True) -> None:
        self.connection = connection
        self.now = now
        #: Whether the database has done its work of late, so that a silent worker is a dead one.
        self.calm = calm
        #: Runs with new events, and whether something is left to claim.
        self.changed: set[str] = set()
        self.ring = False
        #: When something will be due of which nobody else tells.
        self.ring_at: float | None = None
        self._runs: dict[str, LockedRun] = {}
        self._events: list[dict[str, Any]] = []
        #: What this group writes without asking for an answer; gone with the next flush.
        self.outbox = Outbox()

    def lock(self, run_ids: Iterable[str], *, patient: bool = True) -> Mapping[str, LockedRun]:
        """Those of the runs that exist, locked until the commit.

        Who is not `patient` gets none that another holds, once this group holds some itself: two
        groups that each want more would else wait for each other until PostgreSQL kills one.
        """
        wanted = sorted({run_id for run_id in run_ids if run_id not in self._runs})
        if wanted:
            locks = _LOCK if patient or not self._runs else _LOCK_FREE
            statement = locks[self.connection.dialect.name]
            for row in self.connection.execute(statement, {ROWS: dumps([{"id": i} for i in wanted])}):
                self._runs[row.id] = LockedRun(row.id, {name: getattr(row, name) for name in LOCKED})
        return self._runs

    def run(self, run_id: str) -> LockedRun:
        """One run under lock. Raises `NotFound`."""
        self.lock([run_id])
        if run_id not in self._runs:
            raise NotFound(f"there is no run {run_id!r}")
        return self._runs[run_id]

    def event(self, run_id: str, type: EventType, data: Mapping[str, Any] | None = None) -> None:
        """Append an event to a locked run."""
        run = self._runs[run_id]
        run.add("last_event", 1)
        self._events.append(
            {
                "run_id": run_id,
                "number": run["last_event"],
                "type": type.value,
                "at": self.now,
                "data": dumps(data or {}),
            }
        )

    def mark(self) -> tuple[int, dict[str, dict[str, Any]]]:
        """Where to go back to when one act of the group fails."""
        return len(self._events), {run.id: dict(run.changes) for run in self._runs.values()}

    def back_to(self, mark: tuple[int, dict[str, dict[str, Any]]]) -> None:
        """Forget what was noted since `mark`; rows locked since then are read again when needed."""
        count, changes = mark
        del self._events[count:]
        self._runs = {run_id: run for run_id, run in self._runs.items() if run_id in changes}
        for run_id, run in self._runs.items():
            run.changes = changes[run_id]

    def flush(self) -> None:
        """Write counters and events."""
        connection = self.connection
        if self._events:
            self.outbox.insert(events, self._events)
            self.changed.update(event["run_id"] for event in self._events)
            self._events = []
        plain: list[dict[str, Any]] = []
        for run in self._runs.values():
            if run.changes:
                row = {"id": run.id} | {name: run[name] for name in _COUNTERS}
                rest = {name: value for name, value in run.changes.items() if name not in _COUNTERS}
                plain.append(row)
                if rest:
                    statement = update(runs).where(runs.c.id == run.id).values(**rest)
                    connection.execute(statement)
                run.values |= run.changes
                run.changes = {}
        if plain:
            statement = _COUNT[connection.dialect.name]
            self.outbox.add(statement, {ROWS: dumps(plain), "now": self.now})
        self.outbox.send(connection)


#: Written for every touched run in one statement; the rest of a run changes seldom.
_COUNTERS = (
    "last_event",
    "open_steps",
    "spent_nano",
    "reserved_nano",
    "tokens",
    "seconds",
    "gpu_seconds",
)


def _lock_statement(dialect: str, *, skip: bool = False) -> Any:
    wanted = rows_from_json(dialect, [("id", Text())])
    return (
        select(runs.c.id, *(runs.c[name] for name in LOCKED))
        .where(runs.c.id.in_(select(wanted.c.id)))
        .order_by(runs.c.id)
        .with_for_update(skip_locked=skip)
    )


def _count_statement(dialect: str) -> Any:
    types: dict[str, TypeEngine[Any]] = {"seconds": Double(), "gpu_seconds": Double()}
    columns = [("id", Text()), *((name, types.get(name, _BIG)) for name in _COUNTERS)]
    rows = rows_from_json(dialect, columns)
    values: dict[str, Any] = {name: rows.c[name] for name in _COUNTERS}
    return (
        update(runs).values(**values, updated_at=bindparam("now", type_=Double)).where(runs.c.id == rows.c.id)
    )


_BIG = BigInteger()
_LOCK = {dialect: _lock_statement(dialect) for dialect in ("sqlite", "postgresql")}
_LOCK_FREE = {dialect: _lock_statement(dialect, skip=True) for dialect in ("sqlite", "postgresql")}
_COUNT = {dialect: _count_statement(dialect) for dialect in ("sqlite", "postgresql")}
