"""How far a call is, told now and then while it goes on."""

from __future__ import annotations

import asyncio
import time

import structlog

from orchestrator.domain.step import Claim, Progress
from orchestrator.ports import StepStore

log = structlog.get_logger(__name__)

#: Seconds before a call tells of its progress for the first time, and between two tellings: a commit each.
EVERY = 1.0
#: Characters of a message.
_LONGEST = 300


class Reporter:
    """Called with a share from 0 to 1 and words as often as anybody likes; tells the newest of them.

    `close` ends the telling; what was not told by then is not news any more, since the call has ended.
    """

    def __init__(self, claim: Claim, steps: StepStore) -> None:
        self._claim = claim
        self._steps = steps
        self._newest: Progress | None = None
        self._telling: asyncio.Task[None] | None = None

    def __call__(self, share: float, message: str) -> None:
        """On the loop."""
        self._newest = Progress(min(max(share, 0.0), 1.0), message[:_LONGEST], time.time())
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def close(self) -> None:
        """Tell nothing more."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    async def _tell(self) -> None:
        told: Progress | None = None
        while True:
            await asyncio.sleep(EVERY)
            if self._newest is None or self._newest is told:
                continue
            told = self._newest
            try:
                await self._steps.note_progress(self._claim, told)
            except Exception:
                log.warning("progress.not_told", step=self._claim.key, exc_info=True)
