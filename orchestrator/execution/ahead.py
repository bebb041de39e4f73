"""Calls begun ahead: while the outcomes that free a step are being committed, its call is under way.

A commit takes a few milliseconds, which a chain would lose at every link. So a call that waits for
nothing else begins at once, if it may be lost or made again without anybody noticing: the tool only
reads, costs nothing and needs no decision. Its outcome counts under the claim which that commit
makes, as any other does; where the commit makes none, the call is stopped and forgotten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any, TypeVar

import structlog

from orchestrator.domain.step import Claim, Ending, Foreseen, Outcome, StepId
from orchestrator.execution.executor import Executor
from orchestrator.ports import StepStore
from tools.spec import Effect

log = structlog.get_logger(__name__)

#: Seconds a call must take before anyone looks what waits for it; a quick one ends before the look.
_SOON = 0.005
#: Seconds for which a look holds: the run may be paused since. A longer call has no need of a head start.
_FRESH = 0.5
#: Children looked at for one step, and in one query.
_MOST = 64
_AT_ONCE = 256

Call = asyncio.Task[Outcome]
Spawn = Callable[[Coroutine[Any, Any, Outcome]], Call]
V = TypeVar("V")


@dataclass(slots=True)
class _Seen:
    """A call that may begin, once what was missing when it was looked at has ended here."""

    foreseen: Foreseen
    until: float


class Ahead:
    """Looks for calls that may begin ahead, and begins them by `spawn`. Lives on one event loop."""

    def __init__(self, *, steps: StepStore, executor: Executor, spawn: Spawn) -> None:
        self._steps, self._executor, self._spawn = steps, executor, spawn
        self._seen: dict[StepId, _Seen] = {}
        #: What to look at next, each with the parent that asks; what the look under way is at.
        self._wanted: dict[StepId, StepId] = {}
        self._asked: dict[StepId, StepId] = {}
        self._looking: asyncio.Task[None] | None = None
        #: Until when it counts that a step has succeeded here.
        self._ended: dict[StepId, float] = {}
        self._begun: dict[StepId, tuple[Claim, Call]] = {}

    def watch(self, claim: Claim) -> asyncio.TimerHandle:
        """Look, a little later, what waits for that step; cancel the handle when its call has ended."""
        return asyncio.get_running_loop().call_later(_SOON, self._look, claim)

    def begin(self, outcome: Outcome) -> Sequence[StepId]:
        """Begin the calls that this outcome frees; answers whose calls have begun."""
        claim = outcome.claim
        # Only then does the executor have the output at hand before it is recorded.
        if outcome.ending is not Ending.SUCCEEDED or claim.key != claim.subtask:
            return ()
        now = time.monotonic()
        _forget(self._ended, lambda until: until < now)
        self._ended[claim.id] = now + _FRESH
        children = [StepId(claim.id.run_id, idx) for idx in claim.children]
        free = [child for child in children if self._may_begin(child, now)]
        for child in free:
            call = self._seen.pop(child).foreseen.claim
            self._begun[child] = call, self._spawn(self._executor.execute(call))
        return free

    def take(self, claim: Claim) -> Call | None:
        """The call of that claim, where it has begun and the step is still the same."""
        foreseen, call = self._begun.pop(claim.id, (None, None))
        if foreseen is None or call is None:
            return None
        # Its time may have begun to run; everything else must be as it was seen.
        if replace(foreseen, time_left=claim.time_left) == claim:
            return call
        call.cancel("not claimed")
        return None

    def drop(self, begun: Iterable[StepId]) -> None:
        """Stop those of the calls that nobody took."""
        for id_ in begun:
            _, call = self._begun.pop(id_, (None, None))
            if call is not None:
                call.cancel("not claimed")

    # --- looking ------------------------------------------------------------------------------

    def _look(self, claim: Claim) -> None:
        """Ask for what no sibling has asked for already."""
        now = time.monotonic()
        _forget(self._seen, lambda seen: seen.until < now)
        for idx in claim.children[:_MOST]:
            id_ = StepId(claim.id.run_id, idx)
            if id_ not in self._seen and id_ not in self._asked:
                self._wanted.setdefault(id_, claim.id)
        if self._wanted and self._looking is None:
            self._looking = asyncio.create_task(self._see())

    async def _see(self) -> None:
        """Look at all that is wanted by now: calls that began together are looked at together."""
        try:
            while self._wanted:
                self._asked = dict(islice(self._wanted.items(), _AT_ONCE))
                for id_ in self._asked:
                    del self._wanted[id_]
                await self._see_some(self._asked)
        except Exception:
            # Nothing depends on it: the calls are made after the commit then.
            log.debug("ahead.look_failed", exc_info=True)
            self._wanted.clear()
        finally:
            self._asked = {}
            self._looking = None

    async def _see_some(self, children: Mapping[StepId, StepId]) -> None:
        until = time.monotonic() + _FRESH
        for foreseen in await self._steps.foresee(children):
            if (await self._executor.tool(foreseen.claim)).effect is Effect.READ:
                self._seen[foreseen.claim.id] = _Seen(foreseen, until)

    def _may_begin(self, child: StepId, now: float) -> bool:
        seen = self._seen.get(child)
        if seen is None or seen.until < now or child in self._begun:
            return False
        return all(StepId(child.run_id, need) in self._ended for need in seen.foreseen.missing)


def _forget(known: dict[StepId, V], over: Callable[[V], bool]) -> None:
    """Drop the oldest, which stand first, as far as they are over."""
    for id_ in list(takewhile(lambda id_: over(known[id_]), known)):
        del known[id_]
