"""Views for pages: plain reads, shaped as they are shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select

from orchestrator.domain.events import Event
from orchestrator.domain.path import Path
from orchestrator.domain.question import QuestionKind
from orchestrator.domain.run import RunStatus
from orchestrator.errors import FieldProblem, Invalid, NotFound
from orchestrator.ports import InboxItem, Page, RunFilter, RunView, StoredPlan
from orchestrator.store.codec import load
from orchestrator.store.rows import attempt_of, event_of, plan_of, question_of, run_of, step_of
from orchestrator.store.tables import attempts, events, paths, plans, questions, run_labels, runs, steps
from orchestrator.store.undos import undos_of
from orchestrator.store.workers import alive


def run_view(connection: Connection, run_id: str, *, now: float) -> RunView:
    """All of a run. Raises `NotFound`."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no run {run_id!r}")
    return _views(connection, [row], whole=True, now=now)[0]


def run_page(
    connection: Connection, filter: RunFilter, *, limit: int, cursor: str | None, now: float
) -> Page[RunView]:
    """Runs, newest first."""
    query = select(runs).order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(limit + 1)
    if filter.statuses:
        query = query.where(runs.c.status.in_([status.value for status in filter.statuses]))
    if filter.since is not None:
        query = query.where(runs.c.created_at >= filter.since)
    if filter.q:
        query = query.where(runs.c.words.icontains(filter.q, autoescape=True))
    for key, value in filter.labels.items():
        label = run_labels.c
        query = query.where(exists().where(label.run_id == runs.c.id, label.key == key, label.value == value))
    if cursor is not None:
        at, run_id = parse_cursor(cursor)
        older = and_(runs.c.created_at == at, runs.c.id < run_id)
        query = query.where(or_(runs.c.created_at < at, older))
    rows = connection.execute(query).all()
    more = len(rows) > limit
    views = _views(connection, rows[:limit], whole=False, now=now)
    last = cursor_of(rows[limit - 1].created_at, rows[limit - 1].id) if more else None
    return Page(tuple(views), last)


def _views(connection: Connection, rows: Sequence[Any], *, whole: bool, now: float) -> list[RunView]:
    ids = [row.id for row in rows]
    their_steps = _grouped(connection, select(steps).where(steps.c.run_id.in_(ids)).order_by(steps.c.idx))
    their_questions = _grouped(
        connection,
        select(questions)
        .where(questions.c.run_id.in_(ids))
        .order_by(questions.c.answered_at.is_not(None), questions.c.created_at, questions.c.id),
    )
    served = frozenset(queue for worker in alive(connection, now) for queue in worker.queues)
    undone = undos_of(connection, [row.id for row in rows if row.undoing is not None])
    their_attempts: Mapping[str, list[Any]] = {}
    stored: StoredPlan | None = None
    path = None
    if whole:
        order = (attempts.c.idx, attempts.c.number)
        their_attempts = _grouped(
            connection, select(attempts).where(attempts.c.run_id.in_(ids)).order_by(*order)
        )
        stored = None if rows[0].plan_id is None else plan_row(connection, rows[0].plan_id)
        newest = (
            select(paths.c.path).where(paths.c.run_id == ids[0]).order_by(paths.c.version.desc()).limit(1)
        )
        text = connection.execute(newest).scalar_one_or_none()
        path = None if text is None else load(Path, text)
    return [
        RunView(
            run=run_of(row),
            plan=stored,
            path=path,
            steps=tuple(step_of(step) for step in their_steps.get(row.id, ())),
            attempts=tuple(attempt_of(attempt) for attempt in their_attempts.get(row.id, ())),
            questions=tuple(question_of(question) for question in their_questions.get(row.id, ())),
            undos=tuple(undone.get(row.id, ())),
            served=served,
        )
        for row in rows
    ]


def _grouped(connection: Connection, query: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        groups.setdefault(row.run_id, []).append(row)
    return groups


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


def inbox_page(connection: Connection, *, limit: int, cursor: str | None) -> Page[InboxItem]:
    """Open questions of runs that have not ended, oldest first."""
    ended = [RunStatus.SUCCEEDED.value, RunStatus.FAILED.value, RunStatus.CANCELLED.value]
    query = (
        select(questions, runs.c.words, runs.c.status.label("run_status"))
        .join_from(questions, runs, questions.c.run_id == runs.c.id)
        .where(
            questions.c.answered_at.is_(None),
            or_(runs.c.status.notin_(ended), questions.c.kind == QuestionKind.UNDO_FAILED.value),
        )
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


def cursor_of(at: float, key: str) -> str:
    """Where a page ended, as a word for clients."""
    return base64.urlsafe_b64encode(f"{at!r}|{key}".encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[float, str]:
    """The time and the key of `cursor_of`. Raises `Invalid`."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, key = text.partition("|")
        return float(at), key
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        problem = FieldProblem("/cursor", "not a cursor that this service gave out")
        raise Invalid("the cursor is not valid; use next_cursor as it came", problems=[problem]) from error
