"""Giving what was given up another go: steps over which workers vanished, and jobs of runs."""

from __future__ import annotations

from orchestrator.domain.dead_letter import DeadLetterFilter
from orchestrator.domain.run import Job, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import Conflict, Invalid, NotFound
from orchestrator.ports import Doorbell, Store, Transaction
from orchestrator.runs.bulk import MOST, BulkResult
from orchestrator.runs.retry import retry_failed, retry_from

_PAGE = 200
_JOBS = (Job.PLAN.value, Job.REPAIR.value)


async def requeue(run_id: str, step: str, *, store: Store, doorbell: Doorbell) -> None:
    """Let the run go on: the deaths are forgotten, and the call is made under the key it had.

    `step` is the number of a poisoned step, or the name of the run's job (plan, repair). Raises
    `NotFound`, `Conflict`.
    """
    await store.write(lambda tx: _requeue(tx, run_id, step))
    doorbell.ring()


async def requeue_many(filter: DeadLetterFilter, *, store: Store, doorbell: Doorbell) -> BulkResult:
    """Requeue what `filter` finds, newest first, at most `MOST`; ids are `<run>/<step>`."""
    found, more = await _found(filter, store)
    done: list[str] = []
    refused: list[tuple[str, str]] = []
    for run_id, step in found:
        try:
            await requeue(run_id, step, store=store, doorbell=doorbell)
        except (Conflict, Invalid, NotFound) as error:
            refused.append((f"{run_id}/{step}", str(error)))
        else:
            done.append(f"{run_id}/{step}")
    return BulkResult(tuple(done), tuple(refused), more)


async def _found(filter: DeadLetterFilter, store: Store) -> tuple[list[tuple[str, str]], bool]:
    """All are read before the first is requeued, and one of a run stands for all of that run."""
    found: dict[str, str] = {}
    cursor: str | None = None
    while len(found) < MOST:
        page = await store.dead_letters(filter, limit=_PAGE, cursor=cursor)
        for letter in page.items:
            found.setdefault(letter.run_id, letter.step)
        cursor = page.next_cursor
        if cursor is None:
            break
    return list(found.items())[:MOST], cursor is not None or len(found) > MOST


def _requeue(tx: Transaction, run_id: str, step: str) -> None:
    run = tx.run(run_id)
    if run.status is not RunStatus.FAILED:
        raise Conflict(f"run {run_id} is {run.status}; only what a failed run gave up can be requeued")
    if step in _JOBS:
        if run.dead_job != step:
            raise NotFound(f"run {run_id} did not give up a {step} job")
        retry_failed(tx, run_id)
        return
    poisoned = {str(s.id.idx): s.id.idx for s in tx.steps(run_id) if s.status is StepStatus.POISONED}
    if step not in poisoned:
        known = ", ".join(poisoned) or "none"
        raise NotFound(f"run {run_id} has no poisoned step {step!r}; poisoned are: {known}")
    retry_from(tx, run_id, poisoned[step], {}, same_calls=frozenset(poisoned.values()))
