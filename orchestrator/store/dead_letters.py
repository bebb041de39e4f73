"""What was given up because every worker vanished over it: steps, and jobs of runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, String, Text, and_, cast, exists, literal, null, or_, select

from orchestrator.domain.dead_letter import DeadLetter, DeadLetterFilter
from orchestrator.domain.run import RunStatus
from orchestrator.domain.views import Page
from orchestrator.store.codec import loads
from orchestrator.store.cursors import cursor_of, parse_cursor
from orchestrator.store.suspects import JOB_TRIES
from orchestrator.store.tables import POISONED, runs, steps, unindexed

#: Stands in the place of a step's number for a job of a run, so that both are in one order.
_JOB = -1


def dead_letter_page(
    connection: Connection, filter: DeadLetterFilter, *, limit: int, cursor: str | None
) -> Page[DeadLetter]:
    """Those of failed runs, newest first; a step that another took the place of is none."""
    query = _steps() if filter.tool is not None else _steps().union_all(_jobs())
    dead = query.subquery("dead")
    page = select(dead).order_by(dead.c.at.desc(), dead.c.run_id.desc(), dead.c.idx.desc()).limit(limit + 1)
    if filter.tool is not None:
        page = page.where(dead.c.tool == filter.tool)
    if filter.since is not None:
        page = page.where(dead.c.at >= filter.since)
    if cursor is not None:
        at, key = parse_cursor(cursor)
        run_id, _, place = key.rpartition("/")
        same = dead.c.at == at
        page = page.where(
            or_(
                dead.c.at < at,
                and_(same, dead.c.run_id < run_id),
                and_(same, dead.c.run_id == run_id, dead.c.idx < int(place)),
            )
        )
    rows = connection.execute(page).all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else cursor_of(last.at, f"{last.run_id}/{last.idx}")
    return Page(tuple(_letter(row) for row in rows[:limit]), following)


def _steps() -> Any:
    later = steps.alias("later")
    replaced = exists().where(
        later.c.run_id == steps.c.run_id,
        later.c.idx > steps.c.idx,
        later.c.subtask == steps.c.subtask,
        later.c.part == steps.c.part,
    )
    return (
        select(
            steps.c.run_id,
            steps.c.idx,
            cast(null(), Text).label("job"),
            steps.c.subtask,
            steps.c.tool,
            steps.c.finished_at.label("at"),
            steps.c.deaths,
            steps.c.error,
            runs.c.words,
        )
        .join_from(steps, runs, steps.c.run_id == runs.c.id)
        .where(
            POISONED,
            unindexed(runs.c.status) == RunStatus.FAILED.value,
            ~replaced,
        )
    )


def _jobs() -> Any:
    return select(
        runs.c.id.label("run_id"),
        literal(_JOB, Integer).label("idx"),
        runs.c.dead_job.label("job"),
        cast(null(), String).label("subtask"),
        cast(null(), String).label("tool"),
        runs.c.finished_at.label("at"),
        literal(JOB_TRIES, Integer).label("deaths"),
        runs.c.error,
        runs.c.words,
    ).where(runs.c.dead_job.is_not(None), unindexed(runs.c.status) == RunStatus.FAILED.value)


def _letter(row: Any) -> DeadLetter:
    step = row.job if row.idx == _JOB else str(row.idx)
    return DeadLetter(
        row.run_id, step, row.subtask, row.tool, row.at, row.deaths, loads(row.error), row.words
    )
