"""Pruning: what has ended long ago is deleted, a little at a time, beside everybody else's work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, and_, delete, exists, func, or_, select

from orchestrator.domain.keeping import Pruned, Retention
from orchestrator.domain.run import RunStatus, run_ended
from orchestrator.domain.undo import Undoing
from orchestrator.store.artifacts import FolderArtifacts
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.references import unreferenced
from orchestrator.store.tables import artifacts, plans, replies, run_labels, runs, unindexed

log = structlog.get_logger(__name__)

#: Runs and events deleted in one transaction, so that none of them holds up the others' commits.
RUNS_AT_ONCE = 200
EVENTS_AT_ONCE = 5_000
ROWS_AT_ONCE = 500
#: A file made or named less than this ago may be about to be referred to.
UNUSED_SECONDS = 86_400.0
_ENDED = [status.value for status in RunStatus if run_ended(status)]
_AT_REST = [Undoing.WANTED.value, Undoing.DONE.value]


@dataclass(frozen=True, slots=True)
class _Cut:
    """What a pruning goes by: times in seconds since 1970 by the database's clock."""

    ended_before: float
    unused_before: float
    doomed: Any


class Keeper:
    """Prunes one database and its artifacts; two at once do no harm."""

    def __init__(
        self, database: Database, files: FolderArtifacts, *, unused_seconds: float = UNUSED_SECONDS
    ) -> None:
        self._database, self._files, self._unused_seconds = database, files, unused_seconds
        self._busy = False

    async def look(self, rule: Retention) -> Pruned:
        """What `prune` would delete now; nothing is changed."""
        cut = await self._cut(rule)
        return await self._database.read(lambda c: _counted(c, cut))

    async def prune(self, rule: Retention) -> Pruned:
        """Delete what the rule lets go; between two transactions others have as long as one took."""
        if self._busy:
            return Pruned()
        self._busy = True
        try:
            cut = await self._cut(rule)
            gone = await self._rounds(lambda journal: _prune_runs(journal, cut))
            planned = await self._rounds(lambda journal: _delete(journal, plans, _idle_plans(cut)))
            replied = await self._rounds(lambda journal: _delete(journal, replies, _idle_replies(cut)))
            files, size = await self._prune_artifacts(cut)
        finally:
            self._busy = False
        pruned = Pruned(gone, planned, replied, files, size)
        if pruned != Pruned():
            log.info("pruned", runs=gone, plans=planned, replies=replied, artifacts=files, bytes=size)
        return pruned

    async def _cut(self, rule: Retention) -> _Cut:
        now = await self._database.read(self._database.clock.now)
        before = now - rule.seconds
        return _Cut(before, min(before, now - self._unused_seconds), _doomed(before, rule.keep))

    async def _rounds(self, act: Callable[[Journal], int]) -> int:
        total = 0
        while True:
            began = time.monotonic()
            count = await self._database.act(act)
            total += count
            if not count:
                return total
            await asyncio.sleep(time.monotonic() - began)

    async def _prune_artifacts(self, cut: _Cut) -> tuple[int, int]:
        """Files that nothing refers to. Whatever is named anew after the look is spared by its time."""
        idle = await self._database.read(lambda c: _unused(c, cut, without=None))
        left, size, count = sorted(idle), 0, 0
        while left:
            batch, left = left[:ROWS_AT_ONCE], left[ROWS_AT_ONCE:]
            began = time.monotonic()
            gone = await self._database.act(lambda journal: self._forget(journal, cut, batch))  # noqa: B023 - awaited here
            count, size = count + len(gone), size + sum(gone)
            await asyncio.sleep(time.monotonic() - began)
        if count:
            await asyncio.to_thread(self._files.drop_unnamed)
        return count, size

    def _forget(self, journal: Journal, cut: _Cut, ids: list[str]) -> list[int]:
        """Rows and files in one transaction: who makes the same file meanwhile waits for its row, and
        then looks whether the bytes are there."""
        gone = delete(artifacts).where(artifacts.c.id.in_(ids), _used() < cut.unused_before)
        rows = journal.connection.execute(gone.returning(artifacts.c.id, artifacts.c.size)).all()
        for row in rows:
            self._files.path(row.id).unlink(missing_ok=True)
        return [row.size for row in rows]


def _doomed(before: float, keep: tuple[tuple[str, str], ...]) -> Any:
    """The runs that go: ended, with nothing left to do for them, and without a label that keeps them."""
    label = run_labels.c
    kept = [and_(label.key == key, label.value == value) for key, value in keep]
    query = select(runs.c.id).where(
        runs.c.finished_at.is_not(None),
        runs.c.finished_at < before,
        unindexed(runs.c.status).in_(_ENDED),
        runs.c.job.is_(None),
        runs.c.undo_at.is_(None),
        or_(runs.c.undoing.is_(None), runs.c.undoing.in_(_AT_REST)),
    )
    return query.where(~exists().where(label.run_id == runs.c.id, or_(*kept))) if kept else query


def _prune_runs(journal: Journal, cut: _Cut) -> int:
    query = cut.doomed.add_columns(runs.c.last_event).order_by(runs.c.finished_at).limit(RUNS_AT_ONCE)
    rows = journal.connection.execute(query.with_for_update(skip_locked=True)).all()
    ids: list[str] = []
    events = 0
    for row in rows:
        if ids and events + row.last_event > EVENTS_AT_ONCE:
            break
        ids.append(row.id)
        events += row.last_event
    if ids:
        journal.connection.execute(delete(runs).where(runs.c.id.in_(ids)))
    return len(ids)


def _idle_plans(cut: _Cut, *, without: Any = None) -> Any:
    """Plans of that age that no run follows, or is about to follow."""
    follows = runs.c.plan_id == plans.c.id
    if without is not None:
        follows = follows & runs.c.id.not_in(without)
    about_to = (runs.c.status == RunStatus.PLANNING.value) & runs.c.request.contains(plans.c.id)
    return select(plans.c.id).where(
        plans.c.created_at < cut.ended_before, ~exists().where(follows), ~exists().where(about_to)
    )


def _idle_replies(cut: _Cut) -> Any:
    of_run = exists().where(runs.c.id == replies.c.run_id)
    return select(replies.c.key).where(replies.c.created_at < cut.ended_before, ~of_run)


def _delete(journal: Journal, table: Any, idle: Any) -> int:
    (key,) = table.primary_key.columns
    gone = delete(table).where(key.in_(idle.limit(ROWS_AT_ONCE)))
    return int(journal.connection.execute(gone).rowcount)


def _used() -> Any:
    return func.coalesce(artifacts.c.used_at, artifacts.c.created_at)


def _unused(connection: Connection, cut: _Cut, *, without: Any) -> dict[str, int]:
    """Artifacts of that age that no row names, with their sizes."""
    query = select(artifacts.c.id, artifacts.c.size).where(_used() < cut.unused_before)
    sizes = {row.id: row.size for row in connection.execute(query)}
    return {id: sizes[id] for id in unreferenced(connection, sizes, without=without)}


def _counted(connection: Connection, cut: _Cut) -> Pruned:
    def count(query: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())

    gone = cut.doomed
    of_others = exists().where(runs.c.id == replies.c.run_id, runs.c.id.not_in(gone))
    idle = select(replies.c.key).where(replies.c.created_at < cut.ended_before, ~of_others)
    unused = _unused(connection, cut, without=gone)
    planned = count(_idle_plans(cut, without=gone))
    return Pruned(count(gone), planned, count(idle), len(unused), sum(unused.values()))
