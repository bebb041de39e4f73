"""The hot path of execution: claims and outcomes, written for a whole group at once.

Each statement handles all rows of the group through one JSON parameter, so a commit costs the
same few round trips whether it holds one outcome or three hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, RunStatus
from orchestrator.domain.step import Claim, Ending, Outcome, StepId, StepStatus, Verdict
from orchestrator.ports import Recorded
from orchestrator.store import beliefs
from orchestrator.store.codec import dump, dumps, loads, nano
from orchestrator.store.engine import ROWS, insert_rows, rows_from_json
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.tables import attempts, runs, steps

#: Seconds a claim holds without a heartbeat.
LEASE = 9.0

_CLAIM_COLUMNS = (
    steps.c.run_id,
    steps.c.idx,
    steps.c.fence,
    steps.c.key,
    steps.c.subtask,
    steps.c.subtask_type,
    steps.c.tool,
    steps.c.tool_version,
    steps.c.arguments,
    steps.c.previous,
    steps.c.children,
    steps.c.revision,
    steps.c.tries,
    steps.c.timeout,
    steps.c.step_gate,
    steps.c.aliases,
    steps.c.status,
)
_KEY: list[tuple[str, TypeEngine[Any]]] = [("run_id", Text()), ("idx", Integer())]


@dataclass(frozen=True, slots=True)
class Record:
    """An outcome handed to the writer: by whom, and how many children it may claim at once."""

    outcome: Outcome
    owner: str
    room: Callable[[], int]


@dataclass(frozen=True, slots=True)
class ClaimAsk:
    """A packet asked for by a runner; `once` lets calls in that must never be repeated.

    Their claim must survive a power cut, so they are claimed in a durable commit only.
    """

    owner: str
    queues: tuple[str, ...]
    room: int
    once: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """The steps claimed, and whether once-only ones were passed over."""

    claims: list[Claim]
    passed_over: bool = False


@dataclass(slots=True)
class _Batch:
    """One group of outcomes while it is recorded."""

    journal: Journal
    records: Sequence[Record]
    accepted: dict[tuple[str, int], Any] = field(default_factory=dict)
    claims: dict[tuple[str, int], list[Claim]] = field(default_factory=dict)


def record_outcomes(journal: Journal, records: Sequence[Record]) -> list[Recorded]:
    """Record each outcome whose fence still holds; promote and claim the children of successes."""
    runs_by_id = journal.lock(record.outcome.claim.id.run_id for record in records)
    batch = _Batch(journal, records)
    _settle_steps(batch)
    counted = [r for r in records if _key(r) in batch.accepted]
    _add_attempts(journal, counted)
    for record in counted:
        _account(journal, runs_by_id[record.outcome.claim.id.run_id], record, batch.accepted[_key(record)])
    _promote_children(batch, counted, runs_by_id)
    for run_id in {record.outcome.claim.id.run_id for record in counted}:
        end_if_over(journal, runs_by_id[run_id])
    beliefs.observe(journal.connection, [record.outcome for record in counted])
    return [Recorded(_key(r) in batch.accepted, tuple(batch.claims.get(_key(r), ()))) for r in records]


def claim_steps(journal: Journal, asks: Sequence[ClaimAsk]) -> list[Packet]:
    """Claim due steps for each runner that asks."""
    return [_claim_packet(journal, ask) for ask in asks]


def end_if_over(journal: Journal, run: LockedRun) -> None:
    """End a run whose last open step has ended and that has nothing left to repair."""
    if run["error"] is not None and run["open_steps"] > 0:
        _skip_rest(journal, run)
    if run["open_steps"] > 0 or run["job"] is not None or run["status"] != RunStatus.RUNNING:
        return
    failed = run["error"] is not None
    move(journal, run, RunStatus.FAILED if failed else RunStatus.SUCCEEDED)


def _skip_rest(journal: Journal, run: LockedRun) -> None:
    """A run that has failed only lets end what is in flight; what came back from there stays undone."""
    waiting = (StepStatus.PENDING.value, StepStatus.READY.value, StepStatus.WAITING.value)
    cause = {"reason": "run_failed"}
    skipped = journal.connection.execute(
        update(steps)
        .where(steps.c.run_id == run.id, steps.c.status.in_(waiting))
        .values(status=StepStatus.SKIPPED.value, cause=dumps(cause), run_at=None, finished_at=journal.now)
        .returning(steps.c.key, steps.c.subtask, steps.c.tool)
    ).all()
    run.add("open_steps", -len(skipped))
    for row in skipped:
        told = {"step": row.key, "subtask": row.subtask, "tool": row.tool, "cause": cause}
        journal.event(run.id, EventType.STEP_SKIPPED, told)


def move(journal: Journal, run: LockedRun, to: RunStatus, *, detail: Mapping[str, Any] | None = None) -> None:
    """Set a locked run's status with its event; an ended run gets its closing event."""
    run["status"] = to.value
    ended = to in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)
    data: dict[str, Any] = {"status": to.value} | dict(detail or {})
    if ended:
        run["finished_at"] = journal.now
        # Whoever still does a job of this run has lost it; a reservation of theirs goes with it.
        run["job"] = run["job_at"] = run["owner"] = run["lease_until"] = None
        run["tries"] = run["reserved_nano"] = run["reserved_tokens"] = 0
        if run["notify"]:
            run["job"], run["job_at"] = Job.NOTIFY.value, journal.now
            journal.ring = True
        if run["error"] is not None:
            data["error"] = loads(run["error"])
    elif to is RunStatus.RUNNING and run["started_at"] is None:
        run["started_at"] = journal.now
    journal.event(run.id, EventType.RUN_ENDED if ended else EventType.RUN_STATUS, data)


# --- recording ------------------------------------------------------------------------------------

_STATUS = {
    Ending.SUCCEEDED: StepStatus.SUCCEEDED,
    Ending.LOW_QUALITY: StepStatus.LOW_QUALITY,
    Ending.FAILED: StepStatus.FAILED,
    Ending.RETRY: StepStatus.WAITING,
}
_EVENT = {
    Ending.SUCCEEDED: EventType.STEP_SUCCEEDED,
    Ending.LOW_QUALITY: EventType.STEP_LOW_QUALITY,
    Ending.FAILED: EventType.STEP_FAILED,
    Ending.RETRY: EventType.STEP_WAITING,
}
#: Endings after which the step itself never moves again by itself.
_FINAL = frozenset({Ending.SUCCEEDED, Ending.LOW_QUALITY, Ending.FAILED})


def _key(record: Record) -> tuple[str, int]:
    return record.outcome.claim.id.run_id, record.outcome.claim.id.idx


def _settle_steps(batch: _Batch) -> None:
    """Write every outcome under its fence; what comes back is what counted."""
    now = batch.journal.now
    rows = [_settled_row(record.outcome, now) for record in batch.records]
    statement = _SETTLE[batch.journal.connection.dialect.name]
    for row in batch.journal.connection.execute(statement, {ROWS: dumps(rows)}):
        batch.accepted[(row.run_id, row.idx)] = row


def _settled_row(outcome: Outcome, now: float) -> dict[str, Any]:
    claim = outcome.claim
    retry = outcome.ending is Ending.RETRY
    revised = outcome.revised is not None
    return {
        "run_id": claim.id.run_id,
        "idx": claim.id.idx,
        "old_fence": claim.fence,
        "status": _STATUS[outcome.ending].value,
        "cause": dumps(_backoff(outcome, now)) if retry else None,
        "run_at": now + outcome.retry_in if retry else None,
        "finished_at": None if retry else now,
        "output": None if outcome.output is None else dumps(outcome.output),
        "verdict": None if outcome.verdict is None else dump(Verdict, outcome.verdict),
        "error": None if outcome.error is None else dumps(outcome.error),
        "arguments": dumps(outcome.revised) if revised else None,
        "revisions": 1 if revised else 0,
        "usd_nano": nano(outcome.usage.usd),
        "tokens": outcome.usage.tokens_in + outcome.usage.tokens_out,
        "seconds": outcome.usage.seconds,
    }


def _backoff(outcome: Outcome, now: float) -> dict[str, Any]:
    reason = "changed_arguments" if outcome.revised is not None else "backoff"
    return {"reason": reason, "until": now + outcome.retry_in, "attempt": outcome.claim.tries + 1}


def _settle_statement(dialect: str) -> Any:
    v = rows_from_json(
        dialect,
        [
            *_KEY,
            ("old_fence", BigInteger()),
            ("status", Text()),
            ("cause", Text()),
            ("run_at", Double()),
            ("finished_at", Double()),
            ("output", Text()),
            ("verdict", Text()),
            ("error", Text()),
            ("arguments", Text()),
            ("revisions", Integer()),
            ("usd_nano", BigInteger()),
            ("tokens", BigInteger()),
            ("seconds", Double()),
        ],
    )
    taken = {name: v.c[name] for name in ("status", "cause", "run_at", "finished_at", "output", "verdict")}
    return (
        update(steps)
        .values(
            **taken,
            error=v.c.error,
            arguments=case((v.c.arguments.is_not(None), v.c.arguments), else_=steps.c.arguments),
            revision=steps.c.revision + v.c.revisions,
            tries=case((v.c.revisions > 0, 0), else_=steps.c.tries),
            usd_nano=steps.c.usd_nano + v.c.usd_nano,
            tokens=steps.c.tokens + v.c.tokens,
            seconds=steps.c.seconds + v.c.seconds,
            owner=null(),
            lease_until=null(),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.fence == v.c.old_fence,
            steps.c.status == StepStatus.RUNNING.value,
        )
        .returning(steps.c.run_id, steps.c.idx, steps.c.children, steps.c.worst_nano)
    )


def _add_attempts(journal: Journal, records: Sequence[Record]) -> None:
    rows = [
        {
            "run_id": record.outcome.claim.id.run_id,
            "idx": record.outcome.claim.id.idx,
            "number": record.outcome.claim.fence,
            "ending": record.outcome.ending.value,
            "revision": record.outcome.claim.revision,
            "worker": record.owner,
            "started_at": min(record.outcome.started_at or journal.now, journal.now),
            "finished_at": journal.now,
            "usd_nano": nano(record.outcome.usage.usd),
            "tokens": record.outcome.usage.tokens_in + record.outcome.usage.tokens_out,
            "error": None if record.outcome.error is None else dumps(record.outcome.error),
        }
        for record in records
    ]
    insert_rows(journal.connection, attempts, rows)


def _account(journal: Journal, run: LockedRun, record: Record, row: Any) -> None:
    """Charge the run, give back the reservation, note the event, and ask for repair where needed."""
    outcome = record.outcome
    run.add("spent_nano", nano(outcome.usage.usd))
    run.add("reserved_nano", -row.worst_nano if run["budget_nano"] is not None else 0)
    run.add("tokens", outcome.usage.tokens_in + outcome.usage.tokens_out)
    run.add("seconds", outcome.usage.seconds)
    if outcome.ending in _FINAL:
        run.add("open_steps", -1)
    if outcome.ending in (Ending.FAILED, Ending.LOW_QUALITY):
        ask_repair(journal, run)
    if outcome.ending is Ending.RETRY and outcome.retry_in <= 0:
        journal.ring = True
    journal.event(run.id, _EVENT[outcome.ending], _told(outcome))


def ask_repair(journal: Journal, run: LockedRun) -> None:
    """Have a runner search again over what is not yet claimed."""
    if run["job"] is None and run["error"] is None:
        run["job"] = Job.REPAIR.value
        run["job_at"] = journal.now
        journal.ring = True


def _told(outcome: Outcome) -> dict[str, Any]:
    claim = outcome.claim
    data: dict[str, Any] = {
        "step": claim.key,
        "subtask": claim.subtask,
        "tool": claim.tool,
        "attempt": claim.fence,
        "seconds": round(outcome.usage.seconds, 6),
        "usd": str(outcome.usage.usd),
    }
    if outcome.verdict is not None:
        data["quality"] = outcome.verdict.quality
    if outcome.error is not None:
        data["error"] = outcome.error
    if outcome.ending is Ending.RETRY:
        data["retry_in"] = round(outcome.retry_in, 3)
    return data


# --- children -------------------------------------------------------------------------------------


def _promote_children(batch: _Batch, counted: Sequence[Record], runs_by_id: Mapping[str, LockedRun]) -> None:
    """One need less for each child; free ones that fit are claimed here, in the same commit."""
    wanted = _wanted_children(batch, counted, runs_by_id)
    if not wanted:
        return
    journal = batch.journal
    statement = _PROMOTE[journal.connection.dialect.name]
    parameters = {ROWS: dumps([row for row, _ in wanted.values()]), "now": journal.now}
    for row in journal.connection.execute(statement, parameters):
        if row.status == StepStatus.RUNNING.value:
            claim = claim_of(row)
            batch.claims.setdefault(wanted[(row.run_id, row.idx)][1], []).append(claim)
            journal.event(row.run_id, EventType.STEP_STARTED, started(claim))
        elif row.status == StepStatus.READY.value:
            journal.ring = True


def _wanted_children(
    batch: _Batch, counted: Sequence[Record], runs_by_id: Mapping[str, LockedRun]
) -> dict[tuple[str, int], tuple[dict[str, Any], tuple[str, int]]]:
    """For each child: its row of the statement, and the record whose caller gets it when claimed."""
    wanted: dict[tuple[str, int], tuple[dict[str, Any], tuple[str, int]]] = {}
    room: dict[str, int] = {}
    for record in counted:
        if record.outcome.ending is not Ending.SUCCEEDED:
            continue
        key = _key(record)
        run = runs_by_id[key[0]]
        for idx in loads(batch.accepted[key].children):
            child = (key[0], idx)
            if child in wanted:
                wanted[child][0]["n"] += 1
                continue
            left = room.setdefault(record.owner, record.room())
            inline = left > 0 and run["status"] == RunStatus.RUNNING and run["error"] is None
            room[record.owner] = left - inline
            row = {"run_id": key[0], "idx": idx, "n": 1, "inline": inline, "owner": record.owner}
            wanted[child] = (row, key)
    return wanted


def _promote_statement(dialect: str) -> Any:
    v = rows_from_json(
        dialect,
        [*_KEY, ("n", Integer()), ("inline", Boolean()), ("owner", Text())],
    )
    now = bindparam("now", type_=Double)
    due = steps.c.needs_left - v.c.n <= 0
    # Paid calls reserve money and once-only calls need a durable claim: both go through `claim_steps`.
    here = and_(due, v.c.inline, steps.c.worst_nano == 0, ~steps.c.once)
    return (
        update(steps)
        .values(
            needs_left=steps.c.needs_left - v.c.n,
            status=case(
                (here, literal(StepStatus.RUNNING.value)),
                (due, literal(StepStatus.READY.value)),
                else_=steps.c.status,
            ),
            fence=case((here, steps.c.fence + 1), else_=steps.c.fence),
            tries=case((here, steps.c.tries + 1), else_=steps.c.tries),
            owner=case((here, v.c.owner), else_=null()),
            lease_until=case((here, now + LEASE), else_=null()),
            started_at=case((here, now), else_=steps.c.started_at),
            run_at=case((due, now), else_=null()),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.status == StepStatus.PENDING.value,
        )
        .returning(*_CLAIM_COLUMNS)
    )


# --- claiming -------------------------------------------------------------------------------------


def _claim_packet(journal: Journal, ask: ClaimAsk) -> Packet:
    connection = journal.connection
    query = _DUE.where(steps.c.queue.in_(ask.queues))
    due = connection.execute(query, {"now": journal.now, "room": ask.room}).all()
    allowed = [row for row in due if ask.once or not row.once]
    passed_over = len(allowed) < len(due)
    runs_by_id = journal.lock((row.run_id for row in allowed), patient=False)
    free = [row for row in allowed if row.run_id in runs_by_id]
    journal.ring = journal.ring or len(free) < len(allowed)
    affordable = [row for row in free if _reserve(journal, runs_by_id[row.run_id], row)]
    if not affordable:
        return Packet([], passed_over)
    rows = [{"run_id": row.run_id, "idx": row.idx, "owner": ask.owner} for row in affordable]
    statement = _CLAIM[connection.dialect.name]
    claimed = connection.execute(statement, {ROWS: dumps(rows), "now": journal.now}).all()
    claims = [claim_of(row) for row in claimed]
    for claim in claims:
        journal.event(claim.id.run_id, EventType.STEP_STARTED, started(claim))
    return Packet(claims, passed_over)


def _reserve(journal: Journal, run: LockedRun, row: Any) -> bool:
    """Set the worst cost aside; what the budget cannot hold waits, or fails if nothing is in flight."""
    if run["status"] != RunStatus.RUNNING:
        return False
    tokens_left = run["budget_tokens"] is None or run["tokens"] < run["budget_tokens"]
    if run["budget_nano"] is None and tokens_left:
        return True
    fits = run["budget_nano"] is None or (
        run["spent_nano"] + run["reserved_nano"] + row.worst_nano <= run["budget_nano"]
    )
    if (fits or row.worst_nano == 0) and tokens_left:
        run.add("reserved_nano", row.worst_nano if run["budget_nano"] is not None else 0)
        return True
    _refuse(journal, run, row, wait=run["reserved_nano"] > 0 and tokens_left)
    return False


def _refuse(journal: Journal, run: LockedRun, row: Any, *, wait: bool) -> None:
    here = and_(steps.c.run_id == row.run_id, steps.c.idx == row.idx)
    if wait:
        cause = {"reason": "budget", "detail": "other calls in flight hold the rest of the budget"}
        values = {"status": StepStatus.WAITING.value, "cause": dumps(cause), "run_at": journal.now + 1.0}
        journal.connection.execute(update(steps).where(here).values(**values))
        return
    error = {
        "code": "budget_exhausted",
        "message": f"the rest of the budget cannot hold the worst cost of {row.tool!r}",
    }
    values = {"status": StepStatus.FAILED.value, "error": dumps(error), "finished_at": journal.now}
    journal.connection.execute(update(steps).where(here).values(**values))
    run.add("open_steps", -1)
    ask_repair(journal, run)
    journal.event(
        run.id,
        EventType.STEP_FAILED,
        {"step": row.key, "subtask": row.subtask, "tool": row.tool, "error": error},
    )


_DUE = (
    select(
        steps.c.run_id,
        steps.c.idx,
        steps.c.worst_nano,
        steps.c.tool,
        steps.c.key,
        steps.c.subtask,
        steps.c.once,
    )
    .join_from(steps, runs, steps.c.run_id == runs.c.id)
    .where(
        steps.c.status.in_([StepStatus.READY.value, StepStatus.WAITING.value]),
        steps.c.run_at <= bindparam("now", type_=Double),
        runs.c.status == RunStatus.RUNNING.value,
        runs.c.error.is_(None),
    )
    .order_by(steps.c.priority.desc(), steps.c.run_at, steps.c.run_id, steps.c.idx)
    .limit(bindparam("room", type_=Integer))
    .with_for_update(of=steps, skip_locked=True)
)


def _claim_statement(dialect: str) -> Any:
    v = rows_from_json(dialect, [*_KEY, ("owner", Text())])
    now = bindparam("now", type_=Double)
    return (
        update(steps)
        .values(
            status=StepStatus.RUNNING.value,
            cause=null(),
            fence=steps.c.fence + 1,
            tries=steps.c.tries + 1,
            owner=v.c.owner,
            lease_until=now + LEASE,
            started_at=now,
            run_at=null(),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.status.in_([StepStatus.READY.value, StepStatus.WAITING.value]),
        )
        .returning(*_CLAIM_COLUMNS)
    )


def claim_of(row: Any) -> Claim:
    """A claimed row as the executor needs it."""
    return Claim(
        id=StepId(row.run_id, row.idx),
        fence=row.fence,
        key=row.key,
        subtask=row.subtask,
        subtask_type=row.subtask_type,
        tool=row.tool,
        tool_version=row.tool_version,
        arguments=loads(row.arguments),
        previous=row.previous,
        children=tuple(loads(row.children)),
        revision=row.revision,
        tries=row.tries,
        timeout=row.timeout,
        step_gate=row.step_gate,
        aliases=loads(row.aliases),
    )


def started(claim: Claim) -> dict[str, Any]:
    """What the event of a claim tells."""
    return {"step": claim.key, "subtask": claim.subtask, "tool": claim.tool, "attempt": claim.fence}


_DIALECTS = ("sqlite", "postgresql")
_SETTLE = {dialect: _settle_statement(dialect) for dialect in _DIALECTS}
_PROMOTE = {dialect: _promote_statement(dialect) for dialect in _DIALECTS}
_CLAIM = {dialect: _claim_statement(dialect) for dialect in _DIALECTS}
