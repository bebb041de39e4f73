"""The runner: claims packets of ready steps and jobs of runs, and does them, as many as it has room for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from orchestrator.domain.question import Expired
from orchestrator.domain.run import JobClaim
from orchestrator.domain.step import Claim, Ending, Outcome, StepId
from orchestrator.errors import Invalid
from orchestrator.execution.ahead import Ahead, Call
from orchestrator.execution.executor import Executor
from orchestrator.execution.jobs import Jobs
from orchestrator.ports import StepStore

log = structlog.get_logger(__name__)

#: Seconds between heartbeats (a third of a lease), and between sweeps.
HEARTBEAT = 3.0
SWEEP = 2.0
#: Steps claimed at once; several runners then share the work of one run.
PACKET = 64
#: Jobs of runs (planning, repair) at once in one process.
JOBS = 8
#: Seconds for which a job has the loop to itself while people wait for answers, before the next begins.
PACE = 0.05
#: Up to so many steps in hand, calls are begun ahead; with more, commits are shared and nobody waits.
CALM = 64

T = TypeVar("T")


@dataclass(slots=True)
class _Held:
    """A step or a job in hand: its fence, and the task that does it.

    While the outcome is being recorded the task is left alone: the commit may already have
    claimed children for it, and the fence decides whether the outcome counts.
    """

    fence: int
    task: asyncio.Task[None] | None = None
    recording: bool = False

    def cancel(self, why: str) -> None:
        """Stop the work, if there is still a call to stop."""
        if self.task is not None and not self.recording:
            self.task.cancel(why)


class Runner:
    """Driven by `wake`, from any thread, and by a sweep of its own every two seconds.

    One runner serves a process: embedded in the service, or inside a Celery worker.
    """

    def __init__(
        self,
        *,
        owner: str,
        steps: StepStore,
        executor: Executor,
        jobs: Jobs,
        queues: Sequence[str],
        max_live: int,
        answer: Callable[[Sequence[Expired]], Awaitable[None]],
        asked: Callable[[], bool] = lambda: False,
    ) -> None:
        """`asked` says whether people are sending requests to this process just now."""
        self._answer = answer
        self.owner = owner
        self._steps, self._executor, self._jobs = steps, executor, jobs
        self._queues, self._max_live = tuple(queues), max_live
        self._asked = asked
        self._job_begun = 0.0
        self._looks_again = False
        self._held: dict[StepId, _Held] = {}
        self._held_jobs: dict[str, _Held] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ahead = Ahead(steps=steps, executor=executor, spawn=self._spawn)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = asyncio.Event()
        self._stopping = False
        self._done = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._beat_now = threading.Event()
        self._stopped = threading.Event()

    # --- life ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until `stop`."""
        self._loop = asyncio.get_running_loop()
        heart = threading.Thread(target=self._beat, name="toolpath-heartbeat", daemon=True)
        heart.start()
        sweeping = asyncio.create_task(self._sweep(), name="toolpath-sweep")
        try:
            while not self._stopping:
                self._wanted.clear()
                await self._claim()
                await self._wanted.wait()
            # What is in flight keeps its leases until it has ended or is handed back.
            await self._done.wait()
        finally:
            sweeping.cancel()
            self._stopped.set()
            self._beat_now.set()
            await asyncio.to_thread(heart.join)

    async def stop(self, *, grace: float) -> None:
        """Claim nothing more, give what is in flight `grace` seconds, then hand the rest back at once."""
        if self._stopping:
            await self._done.wait()
            return
        self._stopping = True
        self._wanted.set()
        try:
            async with asyncio.timeout(5.0):
                # A claim under way would come back to nobody.
                await self._claiming.acquire()
        except TimeoutError:
            log.warning("runner.claim_hangs")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        await self._hand_back()
        self._done.set()

    async def _hand_back(self) -> None:
        """Stop what is left; others have it at once rather than when its leases run out."""
        held = [*self._held.values(), *self._held_jobs.values()]
        claims = [(step, held.fence) for step, held in self._held.items()]
        jobs = [(run_id, held.fence) for run_id, held in self._held_jobs.items()]
        for one in held:
            one.cancel("stopping")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)
        if not held:
            return
        try:
            async with asyncio.timeout(5.0):
                given = await self._steps.hand_back(owner=self.owner, claims=claims, jobs=jobs)
            log.info("runner.handed_back", count=given)
        except Exception:
            log.warning("runner.not_handed_back", exc_info=True)  # the leases run out instead

    def wake(self) -> None:
        """There may be something to claim. Callable from any thread."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._wanted.set)
        except RuntimeError:
            log.debug("runner.loop_closed")
        # A cancelled run rings too: an early heartbeat finds what was taken away from us.
        self._beat_now.set()

    @property
    def stopping(self) -> bool:
        """Whether it claims nothing more."""
        return self._stopping

    @property
    def live(self) -> int:
        """Steps in hand."""
        return len(self._held)

    # --- claiming -----------------------------------------------------------------------------

    async def _claim(self) -> None:
        """Claim until there is no room or nothing is due. No fault ends it: nothing would ever move again."""
        while not self._stopping:
            try:
                jobs_room = self._jobs_room()
                room = min(PACKET, self._room())
                async with self._claiming:
                    jobs, claims = await self._claim_once(jobs_room, room)
            except Exception:
                log.exception("runner.claim_failed")
                await asyncio.sleep(0.5)
                continue
            if len(jobs) < max(jobs_room, 1) and len(claims) < max(room, 1):
                return

    async def _claim_once(self, jobs_room: int, room: int) -> tuple[list[JobClaim], list[Claim]]:
        jobs, claims = await asyncio.gather(self._some_jobs(jobs_room), self._some_steps(room))
        for job in jobs:
            self._start_job(job)
        for claim in claims:
            self._start(claim)
        return jobs, claims

    async def _claim_undos(self) -> None:
        """Take up undoing where the sweep saw that some is due."""
        room = JOBS - len(self._held_jobs)
        async with self._claiming:
            if room > 0 and not self._stopping:
                for job in await self._steps.claim_undos(owner=self.owner, room=room):
                    self._start_job(job)

    async def _some_jobs(self, room: int) -> list[JobClaim]:
        return await self._steps.claim_jobs(owner=self.owner, room=room) if room > 0 else []

    async def _some_steps(self, room: int) -> list[Claim]:
        if room <= 0:
            return []
        return await self._steps.claim(owner=self.owner, queues=self._queues, room=room)

    def _jobs_room(self) -> int:
        """Jobs to take up now: one after the other while people send requests.

        Planning computes on the loop that answers them. A job that lasts, since it waits for a model,
        soon gets company all the same.
        """
        room = max(JOBS - len(self._held_jobs), 0)
        if not room or not self._asked():
            return room
        left = self._job_begun + PACE - time.monotonic()
        if not self._held_jobs or left <= 0:
            return 1
        self._look_again(left)
        return 0

    def _look_again(self, seconds: float) -> None:
        """One timer is enough, however often it is asked for."""
        if not self._looks_again:
            self._looks_again = True
            asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._looks_again = False
        self._wanted.set()

    def _room(self) -> int:
        return 0 if self._stopping else self._max_live - len(self._held)

    def _start(self, claim: Claim, call: Call | None = None) -> None:
        held = self._held[claim.id] = _Held(claim.fence)
        held.task = self._spawn(self._work(claim, call))

    def _start_job(self, job: JobClaim) -> None:
        self._job_begun = time.monotonic()
        held = self._held_jobs[job.run.id] = _Held(job.fence)
        held.task = self._spawn(self._do_job(job))

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- working ------------------------------------------------------------------------------

    async def _work(self, claim: Claim, call: Call | None) -> None:
        """Do a step, then go on with a child that was claimed in the same commit."""
        full = self._room() <= 0
        current: Claim | None = claim
        try:
            while current is not None:
                outcome = await self._execute(current, call)
                begun = self._ahead.begin(outcome) if self._room() > PACKET else ()
                try:
                    following = await self._record(outcome)
                    self._release(current)
                    current, call = self._next(following)
                finally:
                    self._ahead.drop(begun)
        except asyncio.CancelledError:
            log.debug("step.cancelled", run=claim.id.run_id, step=claim.key)
        except Exception:
            log.exception("runner.step_failed", run=claim.id.run_id, step=claim.key)
        finally:
            if current is not None:
                self._release(current)
            if full:
                self._wanted.set()

    async def _execute(self, claim: Claim, call: Call | None) -> Outcome:
        """The outcome of a step whose call may have begun."""
        # With little room a child might be begun here and be claimed by another process.
        calm = len(self._held) <= CALM and self._room() > 2 * PACKET
        watching = self._ahead.watch(claim) if calm and claim.children else None
        try:
            return await (self._executor.execute(claim) if call is None else call)
        finally:
            if watching is not None:
                watching.cancel()

    def _next(self, claims: Sequence[Claim]) -> tuple[Claim | None, Call | None]:
        """The first of the claims, for the task that asks; the others get tasks of their own."""
        if not claims:
            return None, None
        first, *others = claims
        self._held[first.id] = _Held(first.fence, asyncio.current_task())
        for other in others:
            self._start(other, self._ahead.take(other))
        return first, self._ahead.take(first)

    def _release(self, claim: Claim) -> None:
        """Let go of it, unless this process holds it anew under a later claim."""
        held = self._held.get(claim.id)
        if held is not None and held.fence == claim.fence:
            del self._held[claim.id]

    async def _record(self, outcome: Outcome) -> Sequence[Claim]:
        held = self._held.get(outcome.claim.id)
        if held is not None and held.fence == outcome.claim.fence:
            held.recording = True
        try:
            recorded = await self._steps.record(outcome, owner=self.owner, room=self._room)
        except (TypeError, ValueError, Invalid) as fault:
            outcome = _unstorable(outcome, fault)
            recorded = await self._steps.record(outcome, owner=self.owner, room=self._room)
        if not recorded.accepted:
            log.info("step.fenced_out", run=outcome.claim.id.run_id, step=outcome.claim.key)
        if outcome.ending is Ending.RETRY and self._loop is not None:
            self._loop.call_later(outcome.retry_in + 0.005, self._wanted.set)
        return recorded.claims

    async def _do_job(self, job: JobClaim) -> None:
        held = self._held_jobs[job.run.id]

        def settling() -> None:
            held.recording = True

        try:
            await self._jobs.do(job, settling=settling)
        except asyncio.CancelledError:
            log.info("job.cancelled", run=job.run.id, job=job.job.value)
        except Exception:
            log.exception("runner.job_failed", run=job.run.id, job=job.job.value)
        finally:
            if self._held_jobs.get(job.run.id) is held:
                del self._held_jobs[job.run.id]
            self._wanted.set()

    # --- heart and broom ----------------------------------------------------------------------

    def _beat(self) -> None:
        """Prolong leases on a thread of its own, so that a busy loop does not lose them."""
        while not self._stopped.is_set():
            self._beat_now.wait(HEARTBEAT)
            self._beat_now.clear()
            claims = [(step, held.fence) for step, held in list(self._held.items())]
            jobs = [(run_id, held.fence) for run_id, held in list(self._held_jobs.items())]
            if claims or jobs:
                self._prolong(claims, jobs)
                # Wakes come in bursts; a second is soon enough for a cancellation.
                self._stopped.wait(1.0)

    def _prolong(self, claims: list[tuple[StepId, int]], jobs: list[tuple[str, int]]) -> None:
        try:
            lost = self._steps.heartbeat(owner=self.owner, claims=claims, jobs=jobs)
        except Exception:
            log.warning("runner.heartbeat_failed", exc_info=True)
            return
        fences: dict[object, int] = {**dict(claims), **dict(jobs)}
        if lost and self._loop is not None:
            self._loop.call_soon_threadsafe(self._let_go, [(item, fences[item]) for item in lost])

    def _let_go(self, lost: Sequence[tuple[object, int]]) -> None:
        """Stop what is not ours any more: cancelled, or taken back after a lost lease."""
        for item, fence in lost:
            held = self._held.get(item) if isinstance(item, StepId) else self._held_jobs.get(str(item))
            if held is not None and held.fence == fence:
                held.cancel("lost")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            try:
                swept = await self._steps.sweep()
                if swept.undos:
                    await self._claim_undos()
                await self._answer(swept.expired)
            except Exception:
                log.exception("runner.sweep_failed")
                continue
            if swept.lost:
                log.warning("steps.taken_back", count=swept.lost)
            if swept.due:
                self._wanted.set()


def _unstorable(outcome: Outcome, fault: Exception) -> Outcome:
    """The same attempt as a failure: its output holds what no database takes (a number too large …)."""
    error = {
        "code": "bad_output",
        "message": f"what {outcome.claim.tool} gave back cannot be stored: {fault}",
    }
    nothing: dict[str, Any] = dict.fromkeys(("output", "verdict", "revised", "result_key", "cache", "asked"))
    return replace(outcome, ending=Ending.FAILED, error=error, retry_in=0.0, **nothing)
