"""Jobs of a run itself: planning, repair after a failure, and telling its webhook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog

from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import NeedsAnswers, Planned, PlanningTask
from orchestrator.domain.run import Delivery, DeliveryStatus, Job, JobClaim, Run
from orchestrator.errors import OrchestratorError
from orchestrator.execution.repair import (
    error_of,
    failed_pairs,
    mend,
    settle_failure,
    settle_mended,
    settle_notified,
    settle_planned,
    settle_questions,
    used,
)
from orchestrator.execution.webhook import Told
from orchestrator.ports import Doorbell, Planner, Store, Transaction
from orchestrator.search.paths import choose

log = structlog.get_logger(__name__)

#: Brings the estimates of a plan's options up to today's beliefs.
Estimate = Callable[[Plan, Run], Awaitable[Plan]]

#: Writes what a job made; False when that came too late and the job is to be done again.
Settle = Callable[[Transaction], bool | None]


class Notifier(Protocol):
    """Tells a run's webhook that it has ended."""

    async def notify(self, run: Run, url: str, *, tries: int) -> Told:
        """The try of that number, from 1."""
        ...


def _nothing() -> None:
    """For who need not know when the result is written."""


class Undoes(Protocol):
    """Undoes what a run has done."""

    async def undo(self, claim: JobClaim) -> None:
        """Undo all that is left, writing down each call before it is made."""
        ...


class Jobs:
    """Does what a claimed job asks for; an error becomes the run's, and nothing is raised for it."""

    def __init__(
        self,
        *,
        store: Store,
        planner: Planner,
        estimate: Estimate,
        notifier: Notifier,
        undoer: Undoes,
        doorbell: Doorbell,
    ) -> None:
        self._undoer = undoer
        self._store, self._planner, self._estimate = store, planner, estimate
        self._notifier, self._doorbell = notifier, doorbell

    async def do(self, claim: JobClaim, *, settling: Callable[[], None] = _nothing) -> None:
        """Do the job; the lease is the caller's to keep alive.

        `settling` is called right before the result is written: what is written gives up the lease,
        so from then on the job is not to be stopped for having lost it.
        """
        if claim.job is Job.UNDO:
            await self._undoer.undo(claim)
            return
        work = {Job.PLAN: self._plan, Job.REPAIR: self._repair, Job.NOTIFY: self._notify}[claim.job]
        try:
            settled: bool | None = False
            while settled is False:
                settle = await work(claim)
                settling()
                settled = await self._store.write(settle)
        except OrchestratorError as fault:
            log.info("run.job_refused", run=claim.run.id, job=claim.job.value, code=fault.code)
            await self._fail(claim, error_of(fault))
        except Exception:
            log.exception("run.job_crashed", run=claim.run.id, job=claim.job.value)
            name = "planning" if claim.job is Job.PLAN else claim.job.value
            message = f"{name} failed in a way this service does not know"
            await self._fail(claim, {"code": f"{name}_crashed", "message": message})

    async def _fail(self, claim: JobClaim, error: Mapping[str, Any]) -> None:
        await self._store.write(lambda tx: settle_failure(tx, claim.run.id, error, fence=claim.fence))

    async def _plan(self, claim: JobClaim) -> Settle:
        made = await self._planned(claim)
        settle = settle_questions if isinstance(made, NeedsAnswers) else settle_planned
        return lambda tx: settle(tx, claim.run.id, made, fence=claim.fence)  # type: ignore[arg-type]

    async def _planned(self, claim: JobClaim) -> Planned | NeedsAnswers:
        """A plan from the words, or the stored one that the run is to follow exactly."""
        run = claim.run
        past = used(run, (), now=claim.at)
        if run.request.plan_id is not None:
            stored = await self._store.plan(run.request.plan_id)
            path = await asyncio.to_thread(
                choose,
                stored.plan,
                preference=run.request.preference,
                budget=run.request.budget,
                elapsed=past.seconds,
                sunk_usd=past.usd,
            )
            return Planned(stored.plan, path)
        failed: tuple[tuple[str, str], ...] = ()
        if run.plan_id is not None:
            view = await self._store.view(run.id)
            failed = failed_pairs((await self._store.plan(run.plan_id)).plan, view.steps)
            past = used(run, view.steps, now=claim.at)
        return await self._planner.plan(PlanningTask(run.request, run.id, run.answers, failed, past))

    async def _repair(self, claim: JobClaim) -> Settle:
        run = claim.run
        assert run.plan_id is not None
        begun = time.monotonic()
        stored = await self._store.plan(run.plan_id)
        fresh = await self._estimate(stored.plan, run)
        view = await self._store.view(run.id)
        assert view.path is not None
        now = max(claim.at + time.monotonic() - begun, view.run.updated_at)
        mended = await asyncio.to_thread(mend, view.run, fresh, view.steps, view.path, now=now)
        return lambda tx: settle_mended(tx, run.id, fresh, mended, fence=claim.fence)

    async def _notify(self, claim: JobClaim) -> Settle:
        run = claim.run
        tries = 1 + (run.webhook.tries if run.webhook is not None else 0)
        try:
            told = await self._notifier.notify(run, run.request.webhook_url or "", tries=tries)
        except Exception:
            log.exception("webhook.crashed", run=run.id)
            told = Told(DeliveryStatus.FAILED, "telling it failed in a way this service does not know")
        if told.error is not None:
            log.warning("webhook.failed", run=run.id, error=told.error, again_in=told.pause)
        delivery = Delivery(told.status, tries, 0.0, told.error)
        return lambda tx: settle_notified(tx, run.id, delivery, pause=told.pause, fence=claim.fence)
