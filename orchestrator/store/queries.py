"""Views for pages: plain reads, shaped as they are shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from orchestrator.domain.events import Event
from orchestrator.domain.path import Path
from orchestrator.domain.question import QuestionKind
from orchestrator.domain.run import RunStatus
from orchestrator.domain.views import Exchanged, InboxItem, Page, RunView, StoredPlan
from orchestrator.errors import NotFound
from orchestrator.store.codec import load
from orchestrator.store.cursors import cursor_of, parse_cursor
from orchestrator.store.feedback import feedback_of
from orchestrator.store.rows import attempt_of, event_of, plan_of, question_of, run_of, step_of
from orchestrator.store.tables import attempts, events, paths, plans, questions, runs, steps
from orchestrator.store.undos import undos_of
from orchestrator.store.workers import served_queues


def run_view(connection: Connection, run_id: str, *, now: float) -> RunView:
    """All of a run. Raises `NotFound`."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no run {run_id!r}")
    path = select(paths.c.path).where(paths.c.run_id == run_id).order_by(paths.c.version.desc()).limit(1)
    text = connection.execute(path).scalar_one_or_none()
    tried = (
        select(*_OF_ATTEMPTS).where(attempts.c.run_id == run_id).order_by(attempts.c.idx, attempts.c.number)
    )
    return RunView(
        run=run_of(row),
        plan=None if row.plan_id is None else plan_row(connection, row.plan_id),
        path=None if text is None else load(Path, text),
        steps=tuple(map(step_of, connection.execute(_steps_of(run_id)))),
        attempts=tuple(map(attempt_of, connection.execute(tried))),
        questions=tuple(map(question_of, connection.execute(_questions_of(run_id)))),
        undos=tuple(undos_of(connection, [run_id]).get(run_id, ())) if row.undoing is not None else (),
        served=served_queues(connection, now),
        feedback=feedback_of(connection, run_id),
    )


def exchanges(connection: Connection, run_id: str, name: str) -> tuple[Exchanged, ...]:
    """The tries at the step of that key or number, oldest first. Raises `NotFound`."""
    known = select(steps.c.idx, steps.c.key).where(steps.c.run_id == run_id)
    found = [row.idx for row in connection.execute(known) if name in (row.key, str(row.idx))]
    if not found:
        raise NotFound(
            f"there is no run {run_id!r} with a step {name!r}; the run names the keys of its steps"
        )
    query = select(attempts).where(attempts.c.run_id == run_id, attempts.c.idx == found[0])
    rows = connection.execute(query.order_by(attempts.c.number))
    return tuple(Exchanged(attempt_of(row), row.request, row.reply) for row in rows)


#: All but what only `exchanges` tells.
_OF_ATTEMPTS = [column for column in attempts.c if column.name not in ("request", "reply")]


def _steps_of(run_id: str) -> Any:
    return select(steps).where(steps.c.run_id == run_id).order_by(steps.c.idx)


def _questions_of(run_id: str) -> Any:
    order = (questions.c.answered_at.is_not(None), questions.c.created_at, questions.c.id)
    return select(questions).where(questions.c.run_id == run_id).order_by(*order)


def event_page(connection: Connection, run_id: str, *, after: int, limit: int) -> list[Event]:
    """Events above `after`. Raises `NotFound` when there is no such run."""
    query = (
        select(events)
        .where(events.c.run_id == run_id, events.c.number > after)
        .order_by(events.c.number)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    if not rows and connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first() is None:
        raise NotFound(f"there is no run {run_id!r}")
    return [event_of(row) for row in rows]


def plan_row(connection: Connection, plan_id: str) -> StoredPlan:
    """Raises `NotFound`."""
    row = connection.execute(select(plans).where(plans.c.id == plan_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no plan {plan_id!r}")
    return plan_of(row)


def _in_inbox(*columns: Any) -> Any:
    """Of the open questions of runs that have not ended, and of those about what could not be undone."""
    ended = [RunStatus.SUCCEEDED.value, RunStatus.FAILED.value, RunStatus.CANCELLED.value]
    return (
        select(*columns)
        .join_from(questions, runs, questions.c.run_id == runs.c.id)
        .where(
            questions.c.answered_at.is_(None),
            or_(runs.c.status.notin_(ended), questions.c.kind == QuestionKind.UNDO_FAILED.value),
        )
    )


def inbox_count(connection: Connection, *, most: int) -> int:
    """How many questions wait for a person, counted to `most`."""
    found = _in_inbox(questions.c.id).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def inbox_page(connection: Connection, *, limit: int, cursor: str | None) -> Page[InboxItem]:
    """What waits for a person, oldest first."""
    query = (
        _in_inbox(questions, runs.c.words, runs.c.status.label("run_status"))
        .order_by(questions.c.created_at, questions.c.run_id, questions.c.id)
        .limit(limit + 1)
    )
    if cursor is not None:
        at, key = parse_cursor(cursor)
        run_id, _, question_id = key.partition("/")
        same = questions.c.created_at == at
        query = query.where(
            or_(
                questions.c.created_at > at,
                and_(same, questions.c.run_id > run_id),
                and_(same, questions.c.run_id == run_id, questions.c.id > question_id),
            )
        )
    rows = connection.execute(query).all()
    shown = rows[:limit]
    items = tuple(InboxItem(question_of(row), row.words, RunStatus(row.run_status)) for row in shown)
    last = shown[-1] if len(rows) > limit else None
    return Page(items, None if last is None else cursor_of(last.created_at, f"{last.run_id}/{last.id}"))
