"""Outcomes: recorded for a whole group at once, each under its fence.

Each statement handles all rows of the group through one JSON parameter, so a commit costs the
same few round trips whether it holds one outcome or three hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    Integer,
    Text,
    case,
    null,
    update,
)

from orchestrator.domain.events import EventType
from orchestrator.domain.step import Ending, Outcome, Recorded, StepId, StepStatus
from orchestrator.store import beliefs
from orchestrator.store.asking import ask, first_question
from orchestrator.store.children import Parent, promote_children
from orchestrator.store.claiming import KEY
from orchestrator.store.codec import dumps, nano, usd
from orchestrator.store.ends import ask_repair, end_if_over
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.overruns import learn_worst
from orchestrator.store.pools import give_back
from orchestrator.store.results import note_reuse, told_source
from orchestrator.store.tables import attempts, steps


@dataclass(frozen=True, slots=True)
class Record:
    """An outcome handed to the writer: by whom, and how many children it may claim at once."""

    outcome: Outcome
    owner: str
    room: Callable[[], int]


def record_outcomes(journal: Journal, records: Sequence[Record]) -> list[Recorded]:
    """Record each outcome whose fence still holds; promote and claim the children of successes."""
    runs_by_id = journal.lock(record.outcome.claim.id.run_id for record in records)
    settled = _settle_steps(journal, records)
    counted = [record for record in records if record.outcome.claim.id in settled]
    _add_attempts(journal, counted)
    for record in counted:
        id_ = record.outcome.claim.id
        _account(journal, runs_by_id[id_.run_id], record, settled[id_])
    _free_slots(journal, counted, settled)
    parents = [
        Parent(id_, settled[id_].children, settled[id_].queue, record.owner, record.room)
        for record in counted
        if record.outcome.ending is Ending.SUCCEEDED
        for id_ in (record.outcome.claim.id,)
    ]
    claims = promote_children(journal, parents, runs_by_id)
    for run_id in {record.outcome.claim.id.run_id for record in counted}:
        end_if_over(journal, runs_by_id[run_id])
    note_reuse(journal, [record.outcome for record in counted], runs_by_id)
    called = [r.outcome for r in counted if r.outcome.reused_from is None and not r.outcome.claim.result_only]
    beliefs.observe(journal, called)
    learn_worst(journal, _overruns(counted, settled))
    ids = [record.outcome.claim.id for record in records]
    return [Recorded(id_ in settled, tuple(claims.get(id_, ()))) for id_ in ids]


def _overruns(counted: Sequence[Record], settled: Mapping[StepId, Any]) -> list[tuple[str, int, int]]:
    """Tool, version and cost (nano-dollars) of calls that cost more than was set aside for them."""
    costs = [(record.outcome.claim, nano(record.outcome.usage.usd)) for record in counted]
    return [(c.tool, c.tool_version, nanos) for c, nanos in costs if nanos > settled[c.id].worst_nano]


def _free_slots(journal: Journal, counted: Sequence[Record], settled: Mapping[StepId, Any]) -> None:
    """What limited and capped steps held, with what they spent."""
    spent = {r.outcome.claim.id: nano(r.outcome.usage.usd) for r in counted}
    held = {id_: nanos for id_, nanos in spent.items() if settled[id_].gated or settled[id_].worst_nano}
    if held:
        give_back(journal, held)


_STATUS = {
    Ending.SUCCEEDED: StepStatus.SUCCEEDED,
    Ending.LOW_QUALITY: StepStatus.LOW_QUALITY,
    Ending.FAILED: StepStatus.FAILED,
    Ending.RETRY: StepStatus.WAITING,
    Ending.ASKED: StepStatus.WAITING,
}


_EVENT = {
    Ending.SUCCEEDED: EventType.STEP_SUCCEEDED,
    Ending.LOW_QUALITY: EventType.STEP_LOW_QUALITY,
    Ending.FAILED: EventType.STEP_FAILED,
    Ending.RETRY: EventType.STEP_WAITING,
    Ending.ASKED: EventType.STEP_WAITING,
}


#: Endings after which the step itself never moves again by itself.
_FINAL = frozenset({Ending.SUCCEEDED, Ending.LOW_QUALITY, Ending.FAILED})


def _settle_steps(journal: Journal, records: Sequence[Record]) -> dict[StepId, Any]:
    """Write every outcome under its fence; what comes back is what counted."""
    rows = [_settled_row(record.outcome, journal.now) for record in records]
    statement = _SETTLE[journal.connection.dialect.name]
    settled = journal.connection.execute(statement, {ROWS: dumps(rows)}).all()
    return {StepId(row.run_id, row.idx): row for row in settled}


def _settled_row(outcome: Outcome, now: float) -> dict[str, Any]:
    claim = outcome.claim
    retry, asked = outcome.ending is Ending.RETRY, outcome.ending is Ending.ASKED
    revised = outcome.revised is not None
    return {
        "run_id": claim.id.run_id,
        "idx": claim.id.idx,
        "old_fence": claim.fence,
        "status": _STATUS[outcome.ending].value,
        "cause": dumps(_cause(outcome, now)) if retry or asked else None,
        "run_at": now + outcome.retry_in if retry else None,
        "finished_at": None if retry or asked else now,
        "output": None if outcome.output is None else dumps(outcome.output),
        "verdict": None if outcome.verdict is None else dumps(outcome.verdict),
        "result_key": None if outcome.result_key is None else f"{outcome.result_key}@{claim.fence}",
        "error": None if outcome.error is None else dumps(outcome.error),
        "arguments": dumps(outcome.revised) if revised else None,
        "revisions": 1 if revised else 0,
        "anew": 1 if revised or asked else 0,
        "usd_nano": nano(outcome.usage.usd),
        "tokens": outcome.usage.tokens_in + outcome.usage.tokens_out,
        "seconds": outcome.usage.seconds,
        "gpu_seconds": outcome.usage.gpu_seconds,
    }


def _cause(outcome: Outcome, now: float) -> dict[str, Any]:
    """What the step waits for."""
    if outcome.ending is Ending.ASKED:
        return {"reason": "person", "question": first_question(outcome.claim)}
    reason = "changed_arguments" if outcome.revised is not None else "backoff"
    return {"reason": reason, "until": now + outcome.retry_in, "attempt": outcome.claim.tries + 1}


def _settle_statement(dialect: str) -> Any:
    v = rows_from_json(
        dialect,
        [
            *KEY,
            ("old_fence", BigInteger()),
            ("status", Text()),
            ("cause", Text()),
            ("run_at", Double()),
            ("finished_at", Double()),
            ("output", Text()),
            ("verdict", Text()),
            ("result_key", Text()),
            ("error", Text()),
            ("arguments", Text()),
            ("revisions", Integer()),
            ("anew", Integer()),
            ("usd_nano", BigInteger()),
            ("tokens", BigInteger()),
            ("seconds", Double()),
            ("gpu_seconds", Double()),
        ],
    )
    names = ("status", "cause", "run_at", "finished_at", "output", "verdict", "result_key")
    taken = {name: v.c[name] for name in names}
    return (
        update(steps)
        .values(
            **taken,
            error=v.c.error,
            reused_from=null(),
            progress=null(),
            arguments=case((v.c.arguments.is_not(None), v.c.arguments), else_=steps.c.arguments),
            revision=steps.c.revision + v.c.revisions,
            tries=case((v.c.anew > 0, 0), else_=steps.c.tries),
            usd_nano=steps.c.usd_nano + v.c.usd_nano,
            tokens=steps.c.tokens + v.c.tokens,
            seconds=steps.c.seconds + v.c.seconds,
            gpu_seconds=steps.c.gpu_seconds + v.c.gpu_seconds,
            owner=null(),
            lease_until=null(),
        )
        .where(
            steps.c.run_id == v.c.run_id,
            steps.c.idx == v.c.idx,
            steps.c.fence == v.c.old_fence,
            steps.c.status == StepStatus.RUNNING.value,
        )
        .returning(
            steps.c.run_id, steps.c.idx, steps.c.children, steps.c.queue, steps.c.worst_nano, steps.c.gated
        )
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
            "gpu_seconds": record.outcome.usage.gpu_seconds,
            "error": None if record.outcome.error is None else dumps(record.outcome.error),
            "request": record.outcome.request,
            "reply": record.outcome.reply,
        }
        for record in records
    ]
    journal.outbox.insert(attempts, rows)


def _account(journal: Journal, run: LockedRun, record: Record, row: Any) -> None:
    """Charge the run, give back the reservation, note the event, and ask for repair where needed."""
    outcome = record.outcome
    run.add("spent_nano", nano(outcome.usage.usd))
    run.add("reserved_nano", -row.worst_nano if run["budget_nano"] is not None else 0)
    run.add("tokens", outcome.usage.tokens_in + outcome.usage.tokens_out)
    run.add("seconds", outcome.usage.seconds)
    run.add("gpu_seconds", outcome.usage.gpu_seconds)
    if outcome.ending in _FINAL:
        run.add("open_steps", -1)
    if outcome.ending in (Ending.FAILED, Ending.LOW_QUALITY):
        ask_repair(journal, run)
    if outcome.ending is Ending.RETRY and outcome.retry_in <= 0:
        journal.ring = True
    over = nano(outcome.usage.usd) > row.worst_nano
    told = _told(outcome) | ({"worst_usd": str(usd(row.worst_nano))} if over else {})
    journal.event(run.id, _EVENT[outcome.ending], told)
    if outcome.asked is not None:
        ask(journal, outcome, outcome.asked)


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
    if outcome.usage.gpu_seconds:
        data["gpu_seconds"] = round(outcome.usage.gpu_seconds, 6)
    if outcome.verdict is not None:
        data["quality"] = outcome.verdict.quality
    if outcome.error is not None:
        data["error"] = outcome.error
    if outcome.reused_from is not None:
        data["reused_from"] = told_source(outcome.reused_from)
    if outcome.ending is Ending.RETRY:
        data["retry_in"] = round(outcome.retry_in, 3)
    return data


_SETTLE = {dialect: _settle_statement(dialect) for dialect in DIALECTS}
