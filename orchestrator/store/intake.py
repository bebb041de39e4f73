"""Accepting runs: many at once share one durable commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, Run, RunRequest, RunStatus
from orchestrator.domain.undo import Undoing
from orchestrator.errors import IdempotencyReused
from orchestrator.store.codec import dump, dumps, nano
from orchestrator.store.engine import insert_rows
from orchestrator.store.journal import Journal
from orchestrator.store.references import touch
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
    made = _insert(journal, fresh)
    for run_id in [run_id for run_id in fresh if run_id not in made]:
        # Another process accepted under the same key meanwhile.
        known |= _known(journal, [fresh.pop(run_id)])
    return [_answer(intake, known, by_key, fresh, made) for intake in intakes]


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
    made: dict[str, Run],
) -> Run | Exception:
    """The run for this intake: new, or the one made under the same key by an equal body."""
    if intake.run_id in fresh:
        return made[intake.run_id]
    key = intake.stored_key
    assert key is not None
    first = known.get(key)
    fingerprint = first.fingerprint if first is not None else fresh[by_key[key]].fingerprint
    if fingerprint != intake.fingerprint:
        return IdempotencyReused(
            f"Idempotency-Key {intake.key!r} was used before with another body; "
            "send a new key for a new request"
        )
    return run_of(first) if first is not None else made[by_key[key]]


def _insert(journal: Journal, fresh: Mapping[str, Intake]) -> dict[str, Run]:
    """The runs under these ids, those that were not there made; none for a key that somebody else took."""
    rows = [_row(intake, journal.now) for intake in fresh.values()]
    for row in rows:
        touch(journal.connection, journal.now, row["request"])
    if insert_rows(journal.connection, runs, rows, skip_known=True) == len(rows):
        made, old = set(fresh), dict[str, Run]()
    else:
        made, old = _told_apart(journal, fresh)
    new = [fresh[run_id] for run_id in fresh if run_id in made]
    _insert_rest(journal, new)
    return old | {intake.run_id: _run(intake, journal.now) for intake in new}


def _told_apart(journal: Journal, fresh: Iterable[str]) -> tuple[set[str], dict[str, Run]]:
    """Which runs are new in this transaction, and those that were there already.

    They were when this is the second try of a commit that had passed when its connection broke; then
    their first event is there too.
    """
    there = journal.connection.execute(select(runs).where(runs.c.id.in_(fresh))).all()
    ids = [row.id for row in there]
    first = select(events.c.run_id).where(events.c.run_id.in_(ids), events.c.number == 1)
    before = set(journal.connection.execute(first).scalars())
    return set(ids) - before, {row.id: run_of(row) for row in there if row.id in before}


def _insert_rest(journal: Journal, new: Sequence[Intake]) -> None:
    """Labels and first events. Nobody can follow a run before its id is told, so nobody is woken."""
    labels = [
        {"run_id": intake.run_id, "key": key, "value": value, "created_at": journal.now}
        for intake in new
        for key, value in intake.request.labels.items()
    ]
    insert_rows(journal.connection, run_labels, labels)
    accepted = dumps({"status": RunStatus.PLANNING.value})
    event = {"number": 1, "type": EventType.RUN_ACCEPTED.value, "at": journal.now, "data": accepted}
    insert_rows(journal.connection, events, [{"run_id": intake.run_id} | event for intake in new])
    journal.ring = journal.ring or bool(new)


def _run(intake: Intake, now: float) -> Run:
    """What `run_of` would read of the row that was just made."""
    request = intake.request
    return Run(
        id=intake.run_id,
        request=request,
        status=RunStatus.PLANNING,
        created_at=now,
        updated_at=now,
        job=intake.job,
        deadline_at=_deadline(request, now),
        undoing=_undoing(request),
        last_event=1,
        key_id=intake.key_id,
    )


def _deadline(request: RunRequest, now: float) -> float | None:
    seconds = request.budget.seconds
    return None if seconds is None else now + seconds


def _undoing(request: RunRequest) -> Undoing | None:
    return Undoing.WANTED if request.on_failure == "undo" else None


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
        "undoing": _undoing(request),
        "notify": request.webhook_url is not None,
        "last_event": 1,
        "created_at": now,
        "updated_at": now,
        "deadline_at": _deadline(request, now),
    }
