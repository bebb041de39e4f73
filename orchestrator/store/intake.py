"""Accepting runs: many at once share one durable commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, Run, RunRequest, RunStatus
from orchestrator.domain.undo import Undoing
from orchestrator.errors import IdempotencyReused
from orchestrator.store.codec import dump, dumps, nano
from orchestrator.store.journal import Journal
from orchestrator.store.rows import run_of
from orchestrator.store.tables import events, run_labels, runs


@dataclass(frozen=True, slots=True)
class Intake:
    """A run about to be accepted."""

    run_id: str
    request: RunRequest
    key: str | None
    fingerprint: str
    job: Job
    #: The API key it came with.
    key_id: str | None = None

    @property
    def stored_key(self) -> str | None:
        """The idempotency key as it is kept: callers with other API keys may use the same word."""
        if self.key is None or self.key_id is None:
            return self.key
        # No header holds a line feed, so no other caller's word can look like this.
        return f"{self.key_id}\n{self.key}"


def accept_runs(journal: Journal, intakes: Sequence[Intake]) -> list[Run | Exception]:
    """Insert new runs; a known idempotency key answers the run it made first."""
    known = _known(journal, intakes)
    fresh: dict[str, Intake] = {}
    by_key: dict[str, str] = {}
    for intake in intakes:
        key = intake.stored_key
        if key is not None and (key in known or key in by_key):
            continue
        fresh[intake.run_id] = intake
        if key is not None:
            by_key[key] = intake.run_id
    rows = _insert(journal, list(fresh.values()))
    _find_others(journal, fresh, rows, known)
    return [_answer(intake, known, by_key, fresh, rows) for intake in intakes]


def _find_others(
    journal: Journal, fresh: dict[str, Intake], rows: dict[str, Any], known: dict[str, Any]
) -> None:
    """Those that were there although nobody saw them before.

    Another process accepted under the same key meanwhile, or this is the second try of a commit
    that had passed when its connection broke.
    """
    for run_id in [run_id for run_id in fresh if run_id not in rows]:
        intake = fresh[run_id]
        mine = journal.connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
        if mine is not None:
            rows[run_id] = mine
            continue
        del fresh[run_id]
        known |= _known(journal, [intake])


def _known(journal: Journal, intakes: Sequence[Intake]) -> dict[str, Any]:
    keys = [key for intake in intakes if (key := intake.stored_key) is not None]
    if not keys:
        return {}
    found = journal.connection.execute(select(runs).where(runs.c.idempotency_key.in_(keys)))
    return {row.idempotency_key: row for row in found}


def _answer(
    intake: Intake,
    known: dict[str, Any],
    by_key: dict[str, str],
    fresh: dict[str, Intake],
    rows: dict[str, Any],
) -> Run | Exception:
    """The run for this intake: new, or the one made under the same key by an equal body."""
    if intake.run_id in fresh:
        return run_of(rows[intake.run_id])
    key = intake.stored_key
    assert key is not None
    first = known.get(key)
    fingerprint = first.fingerprint if first is not None else fresh[by_key[key]].fingerprint
    if fingerprint != intake.fingerprint:
        return IdempotencyReused(
            f"Idempotency-Key {intake.key!r} was used before with another body; "
            "send a new key for a new request"
        )
    return run_of(first if first is not None else rows[by_key[key]])


def _insert(journal: Journal, fresh: Sequence[Intake]) -> dict[str, Any]:
    if not fresh:
        return {}
    dialect = postgresql if journal.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(runs).on_conflict_do_nothing().returning(runs)
    result = journal.connection.execute(statement, [_row(intake, journal.now) for intake in fresh])
    rows = {row.id: row for row in result}
    fresh = [intake for intake in fresh if intake.run_id in rows]
    if not fresh:
        return rows
    labels = [
        {"run_id": intake.run_id, "key": key, "value": value}
        for intake in fresh
        for key, value in intake.request.labels.items()
    ]
    if labels:
        journal.connection.execute(insert(run_labels), labels)
    accepted = {"status": RunStatus.PLANNING.value}
    journal.connection.execute(
        insert(events),
        [
            {
                "run_id": intake.run_id,
                "number": 1,
                "type": EventType.RUN_ACCEPTED.value,
                "at": journal.now,
                "data": dumps(accepted),
            }
            for intake in fresh
        ],
    )
    journal.changed.update(intake.run_id for intake in fresh)
    journal.ring = True
    return rows


def _row(intake: Intake, now: float) -> dict[str, Any]:
    request, budget = intake.request, intake.request.budget
    return {
        "id": intake.run_id,
        "status": RunStatus.PLANNING.value,
        "job": intake.job.value,
        "job_at": now,
        "request": dump(RunRequest, request),
        # PostgreSQL's text cannot hold it, and nobody searches for it.
        "words": (request.request or "").replace("\0", " "),
        "priority": request.priority,
        "idempotency_key": intake.stored_key,
        "key_id": intake.key_id,
        "fingerprint": intake.fingerprint,
        "budget_nano": None if budget.usd is None else nano(budget.usd),
        "budget_tokens": budget.tokens,
        "undoing": Undoing.WANTED.value if request.on_failure == "undo" else None,
        "notify": request.webhook_url is not None,
        "last_event": 1,
        "created_at": now,
        "updated_at": now,
        "deadline_at": None if budget.seconds is None else now + budget.seconds,
    }
