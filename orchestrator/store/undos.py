"""The undoing of runs that failed: who does it, and what became of each undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, JobClaim
from orchestrator.domain.step import StepId
from orchestrator.domain.undo import Undo, Undoing, UndoStatus
from orchestrator.store.claiming import LEASE
from orchestrator.store.codec import dumps, loads, nano, usd
from orchestrator.store.ends import tell_end
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.rows import run_of
from orchestrator.store.tables import runs, undos


@dataclass(frozen=True, slots=True)
class UndoAsk:
    """Undoings asked for by a runner."""

    owner: str
    room: int


def any_to_undo(connection: Connection, now: float) -> bool:
    """Whether the undoing of some run waits for somebody to do it."""
    return connection.execute(_due(now).limit(1)).first() is not None


def claim_undos(journal: Journal, ask: UndoAsk) -> list[JobClaim]:
    """Lease due undoings to a runner."""
    connection, now = journal.connection, journal.now
    due = connection.execute(_due(now).limit(ask.room).with_for_update(skip_locked=True)).scalars().all()
    journal.lock(due)
    journal.flush()
    claims = []
    for run_id in due:
        row = connection.execute(
            update(runs)
            .where(runs.c.id == run_id)
            .values(owner=ask.owner, lease_until=now + LEASE, fence=runs.c.fence + 1, tries=runs.c.tries + 1)
            .returning(runs)
        ).one()
        claims.append(JobClaim(run_of(row), Job.UNDO, row.fence, now))
    return claims


def _due(now: float) -> Any:
    return (
        select(runs.c.id)
        .where(
            runs.c.undo_at.is_not(None),
            runs.c.undo_at <= now,
            or_(runs.c.lease_until.is_(None), runs.c.lease_until < now),
        )
        .order_by(runs.c.undo_at, runs.c.id)
    )


def undos_of(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[Undo]]:
    """All undos of these runs, in order."""
    if not run_ids:
        return {}
    query = select(undos).where(undos.c.run_id.in_(run_ids)).order_by(undos.c.position)
    found: dict[str, list[Undo]] = {}
    for row in connection.execute(query):
        found.setdefault(row.run_id, []).append(_undo_of(row))
    return found


def put_undo(connection: Connection, undo: Undo) -> None:
    """Write an undo, whether it was there before or not."""
    values = {
        "run_id": undo.step.run_id,
        "idx": undo.step.idx,
        "revision": undo.revision,
        "position": undo.position,
        "tool": undo.tool,
        "tool_version": undo.tool_version,
        "arguments": None if undo.arguments is None else dumps(undo.arguments),
        "status": undo.status.value,
        "tries": undo.tries,
        "output": None if undo.output is None else dumps(undo.output),
        "error": None if undo.error is None else dumps(undo.error),
        "usd_nano": nano(undo.usd),
        "started_at": undo.started_at,
        "finished_at": undo.finished_at,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(undos).values(**values)
    keys = ("run_id", "idx", "revision")
    rest = {name: value for name, value in values.items() if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=rest))


def end_undoing(journal: Journal, run: LockedRun, to: Undoing, *, detail: Mapping[str, Any]) -> None:
    """Nobody goes on with it: all is undone, or a person is asked. The run's end is told now."""
    run["undoing"], run["undo_at"] = to.value, None
    run["owner"] = run["lease_until"] = None
    run["tries"] = 0
    tell_end(journal, run, {"status": run["status"], "compensation": {"status": to.value, **detail}})


def go_on(journal: Journal, run: LockedRun) -> None:
    """A person has spoken: undo the rest."""
    run["undoing"], run["undo_at"] = Undoing.RUNNING.value, journal.now
    told = {"status": run["status"], "compensation": {"status": Undoing.RUNNING.value}}
    journal.event(run.id, EventType.RUN_STATUS, told)


def _undo_of(row: Any) -> Undo:
    return Undo(
        step=StepId(row.run_id, row.idx),
        revision=row.revision,
        position=row.position,
        tool=row.tool,
        tool_version=row.tool_version,
        status=UndoStatus(row.status),
        arguments=loads(row.arguments),
        tries=row.tries,
        output=loads(row.output),
        error=loads(row.error),
        usd=usd(row.usd_nano),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
