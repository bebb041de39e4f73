"""Pages of runs, newest first: what stays as fast however many runs there are.

Every query follows an index in the order of the page and stops when the page is full; a page of ended
runs reads nothing of their steps but how many have which status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select, union_all

from orchestrator.domain.question import Question
from orchestrator.domain.run import Run, RunStatus, run_ended
from orchestrator.domain.step import Step, StepStatus
from orchestrator.domain.undo import Undoing
from orchestrator.domain.views import Page, RunFilter, RunSummary
from orchestrator.domain.waiting import run_waiting
from orchestrator.store.codec import nano
from orchestrator.store.cursors import cursor_of, parse_cursor
from orchestrator.store.rows import question_of, run_of, step_of
from orchestrator.store.tables import questions, run_labels, runs, steps, unindexed
from orchestrator.store.workers import served_queues

#: A step of a running run that says what the run does or waits for.
_TELLING = [StepStatus.RUNNING.value, StepStatus.READY.value, StepStatus.WAITING.value]
#: The column by which a page is in order.
_AT = "listed_at"
#: From so many on, what is asked for counts as common: the newest runs are looked through for it.
_SOME = 5_000


def run_page(
    connection: Connection, filter: RunFilter, *, limit: int, cursor: str | None, now: float
) -> Page[RunSummary]:
    """Runs, newest first. Raises `Invalid` for a cursor that nobody gave out."""
    wanted = _narrowed(filter)
    if wanted is None:
        return Page(())
    query = _query(connection, wanted, limit=limit + 1, cursor=cursor, now=now)
    rows = connection.execute(query).all()
    more = len(rows) > limit
    items = _in_list(connection, [run_of(row) for row in rows[:limit]], now)
    last = cursor_of(rows[limit - 1].listed_at, rows[limit - 1].id) if more else None
    return Page(tuple(items), last)


def _narrowed(filter: RunFilter) -> RunFilter | None:
    """With the statuses that its other conditions leave, so that their index is used; None for none."""
    if filter.retrying:
        left = {RunStatus.RUNNING}
    elif filter.quiet is not None:
        left = {status for status in RunStatus if not run_ended(status)}
    else:
        return filter
    statuses = tuple(status for status in filter.statuses or RunStatus if status in left)
    return replace(filter, statuses=statuses) if statuses else None


def _others(filter: RunFilter, now: float) -> list[Any]:
    """Conditions that no index leads by; they are looked at along the page."""
    run, others = runs.c, []
    if filter.q:
        others.append(run.words.icontains(filter.q, autoescape=True))
    if filter.quiet is not None:
        others.append(run.updated_at <= now - filter.quiet)
    if filter.retrying:
        again = (steps.c.status == StepStatus.WAITING.value) & (steps.c.tries > 0)
        others.append(exists().where(steps.c.run_id == run.id, again).correlate(runs))
    return others


#: From the first on and before the end, where there are such.
_Range = tuple[float | None, float | None]


def _ranges(filter: RunFilter) -> dict[str, _Range]:
    """Of cost and end, by their columns; each column has an index of its own."""
    found: dict[str, _Range] = {
        runs.c.spent_nano.name: (_nano(filter.usd_from), _nano(filter.usd_until)),
        runs.c.finished_at.name: (filter.finished_since, filter.finished_until),
    }
    return {name: range for name, range in found.items() if range != (None, None)}


def _nano(usd: Decimal | None) -> int | None:
    return None if usd is None else nano(usd)


def _between(column: Any, range: _Range) -> Any:
    first, end = range
    parts = [] if first is None else [column >= first]
    parts += [] if end is None else [column < end]
    return and_(*parts)


def _query(connection: Connection, filter: RunFilter, *, limit: int, cursor: str | None, now: float) -> Any:
    """Along the newest runs that have the rarest of what is asked for: a label, a status, a cost, an end."""
    statuses = [runs.c.status == status.value for status in dict.fromkeys(filter.statuses)]
    labels, ranges, others = filter.labels, _ranges(filter), _others(filter, now)
    leader = _rarest(connection, filter, statuses, ranges)
    others += [_label_of(key) == value for key, value in labels.items() if (key, value) != leader]
    # As calculations: SQLite would go along their indexes, and sort all that is common.
    others += [_between(runs.c[name] + 0, range) for name, range in ranges.items() if name != leader]
    listed = select(runs, runs.c.created_at.label(_AT))
    if isinstance(leader, tuple):
        label = run_labels.c
        query = select(runs, label.created_at.label(_AT)).join_from(
            run_labels, runs, label.run_id == runs.c.id
        )
        query = query.where(label.key == leader[0], label.value == leader[1], *others)
        if statuses:
            query = query.where(or_(*statuses))
        return _newest(query, label.created_at, label.run_id, filter, cursor).limit(limit)
    if leader is not None:
        # These are few, and sorted; a database would rather go along all of the newest, or all of a status.
        query = select(runs.c.id).where(_between(runs.c[leader], ranges[leader]), *others)
        if statuses:
            query = query.where(unindexed(runs.c.status).in_([status.value for status in filter.statuses]))
        few = _newest(query, runs.c.created_at + 0.0, runs.c.id, filter, cursor).limit(limit).subquery()
        return listed.join(few, few.c.id == runs.c.id).order_by(runs.c.created_at.desc(), runs.c.id.desc())
    own = (runs.c.created_at, runs.c.id)
    if len(statuses) < 2:
        query = listed.where(*statuses, *others)
        return _newest(query, *own, filter, cursor).limit(limit)
    # Each status in the order of its own index: one query over several would sort all that have one of them.
    parts = [
        _newest(listed.where(status, *others), *own, filter, cursor).limit(limit).subquery()
        for status in statuses
    ]
    every = union_all(*(select(part) for part in parts)).subquery()
    return select(every).order_by(every.c[_AT].desc(), every.c.id.desc()).limit(limit)


def _newest(query: Any, at: Any, id: Any, filter: RunFilter, cursor: str | None) -> Any:
    if filter.since is not None:
        query = query.where(at >= filter.since)
    # What has ended before a time was accepted before it: nothing newer needs to be looked at.
    for until in (filter.until, filter.finished_until):
        if until is not None:
            query = query.where(at < until)
    if cursor is not None:
        last_at, last_id = parse_cursor(cursor)
        # The first condition is implied by the second, but it is the one that an index understands.
        query = query.where(at <= last_at, or_(at < last_at, and_(at == last_at, id < last_id)))
    return query.order_by(at.desc(), id.desc())


def _label_of(key: str) -> Any:
    """One value for a run and a key; not EXISTS, which PostgreSQL would join with all that have the label."""
    label = run_labels.c
    return (
        select(label.value)
        .where(label.run_id == runs.c.id, label.key == key)
        .correlate(runs)
        .scalar_subquery()
    )


def _rarest(
    connection: Connection, filter: RunFilter, statuses: Sequence[Any], ranges: Mapping[str, _Range]
) -> tuple[str, str] | str | None:
    """The label, or the column of a range, that the fewest runs have.

    None where the statuses are rarer, where all that is asked for is common, or where nothing is.
    """
    label = run_labels.c
    if not statuses and not ranges and len(filter.labels) == 1:
        return next(iter(filter.labels.items()))
    counts: dict[tuple[str, str] | str, int] = {
        (key, value): _some(connection, select(label.run_id).where(label.key == key, label.value == value))
        for key, value in filter.labels.items()
    }
    counts |= {
        name: _some(connection, select(runs.c[name]).where(_between(runs.c[name], range)))
        for name, range in ranges.items()
    }
    # Along a common label the newest come first, while a common cost or end would have to be sorted.
    counts = {one: count for one, count in counts.items() if isinstance(one, tuple) or count < _SOME}
    if not counts:
        return None
    least = min(counts, key=lambda one: counts[one])
    if not statuses:
        return least
    having = sum(_some(connection, select(runs.c.status).where(status)) for status in statuses)
    return None if having < counts[least] else least


def _some(connection: Connection, query: Any) -> int:
    """How many there are, counted to some."""
    counted = select(func.count()).select_from(query.limit(_SOME).subquery())
    return int(connection.execute(counted).scalar_one())


def _in_list(connection: Connection, found: Sequence[Run], now: float) -> list[RunSummary]:
    counts = _counts(connection, [run.id for run in found])
    running = [run.id for run in found if run.status is RunStatus.RUNNING]
    telling = _telling(connection, running, now) if running else {}
    asking = [run.id for run in found if _may_ask(run)]
    asked = _asked(connection, asking) if asking else {}
    served = served_queues(connection, now) if asking else None
    summaries = []
    for run in found:
        waiting = run_waiting(run, telling.get(run.id, ()), asked.get(run.id, ()), now=now, served=served)
        summaries.append(RunSummary(run, counts.get(run.id, {}), waiting))
    return summaries


def _may_ask(run: Run) -> bool:
    return run.undoing is Undoing.NEEDS_INPUT or not run_ended(run.status)


def _counts(connection: Connection, run_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    query = (
        select(steps.c.run_id, steps.c.status, func.count().label("number"))
        .where(steps.c.run_id.in_(run_ids))
        .group_by(steps.c.run_id, steps.c.status)
    )
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(query):
        counts.setdefault(row.run_id, {})[row.status] = row.number
    return counts


def _telling(connection: Connection, run_ids: Sequence[str], now: float) -> dict[str, tuple[Step, ...]]:
    """Of each run a step that runs, or else the one that may start first."""
    order = (
        steps.c.status != StepStatus.RUNNING.value,
        func.coalesce(steps.c.run_at, now),
        steps.c.idx,
    )
    place = func.row_number().over(partition_by=steps.c.run_id, order_by=order).label("place")
    ranked = (
        select(steps.c.run_id, steps.c.idx, place)
        .where(steps.c.run_id.in_(run_ids), steps.c.status.in_(_TELLING))
        .subquery("ranked")
    )
    first = (steps.c.run_id == ranked.c.run_id) & (steps.c.idx == ranked.c.idx) & (ranked.c.place == 1)
    rows = connection.execute(select(steps).join_from(steps, ranked, first))
    return {row.run_id: (step_of(row),) for row in rows}


def _asked(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[Question]]:
    query = (
        select(questions)
        .where(questions.c.run_id.in_(run_ids), questions.c.answered_at.is_(None))
        .order_by(questions.c.created_at, questions.c.id)
    )
    asked: dict[str, list[Question]] = {}
    for row in connection.execute(query):
        asked.setdefault(row.run_id, []).append(question_of(row))
    return asked
