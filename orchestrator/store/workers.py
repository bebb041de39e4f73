"""Which workers are alive: each says so now and then, and who has been silent for long is gone."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.worker import Worker
from orchestrator.store.codec import dumps, loads
from orchestrator.store.tables import workers

#: Seconds without a word after which a worker counts as gone; it speaks three times as often.
SILENT = 30.0
#: Seconds after which its row goes.
FORGOTTEN = 3600.0


def keep(connection: Connection, worker: Worker, *, now: float) -> None:
    """Write down that it is alive; long silent ones are forgotten."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"queues": dumps(sorted(worker.queues)), "host": worker.host, "seen_at": now}
    statement = insert(workers).values(owner=worker.owner, started_at=now, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["owner"], set_=row))
    connection.execute(delete(workers).where(workers.c.seen_at < now - FORGOTTEN))


def forget(connection: Connection, owner: str) -> None:
    """It has stopped."""
    connection.execute(delete(workers).where(workers.c.owner == owner))


def alive(connection: Connection, now: float) -> list[Worker]:
    """Those heard of lately, by name."""
    rows = connection.execute(_ALIVE, {"since": now - SILENT})
    return [
        Worker(row.owner, frozenset(loads(row.queues)), row.host, row.started_at, row.seen_at) for row in rows
    ]


def served_queues(connection: Connection, now: float) -> frozenset[str]:
    """The queues that a live worker serves."""
    return frozenset(queue for worker in alive(connection, now) for queue in worker.queues)


_ALIVE = select(workers).where(workers.c.seen_at >= bindparam("since")).order_by(workers.c.owner)
