"""Suspects: steps and jobs over which workers have died twice, of which a worker runs one at a time.

Who dies takes all that it runs with it. Were suspects claimed together again, one that kills workers
would have the innocent ones beside it taken for poison as well.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from orchestrator.domain.step import StepStatus
from orchestrator.store.gates import Refuse, Wait
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.tables import runs, steps

#: A step whose worker vanished so many times is poison.
DEATHS = 3
#: A job of a run whose worker vanished so many times fails the run.
JOB_TRIES = 5
#: From so many deaths on it is suspected.
_SUSPECT = 2
#: Seconds until a suspect looks again for a worker that runs no other.
_PAUSE = 0.5
_CAUSE = {
    "reason": "worker",
    "text": "Workers died while it ran; waits for one that runs no other such step.",
}


class SuspectGate:
    """Lets one suspect go to a runner that runs none; made for one packet of that runner."""

    def __init__(self, journal: Journal, owner: str) -> None:
        self._journal, self._owner = journal, owner
        self._taken: bool | None = None

    def decide(self, run: LockedRun, row: Any) -> Wait | Refuse | None:
        """A step that is suspected waits while another is run there."""
        if row.deaths < _SUSPECT or not self._has_one():
            return None
        return Wait(_CAUSE, self._look_again())

    def take(self, run: LockedRun, row: Any) -> None:
        """The runner has one now."""
        if row.deaths >= _SUSPECT:
            self._taken = True

    def lets_job_go(self, run: LockedRun, tries: int) -> bool:
        """Whether a job that was begun `tries` times may go, too; it looks again later if not."""
        if tries < _SUSPECT:
            return True
        if not self._has_one():
            self._taken = True
            return True
        run["job_at"] = self._look_again()
        return False

    def _look_again(self) -> float:
        soonest = self._journal.now + _PAUSE
        self._journal.ring_at = min(soonest, self._journal.ring_at or soonest)
        return soonest

    def _has_one(self) -> bool:
        if self._taken is None:
            connection = self._journal.connection
            step = select(steps.c.idx).where(
                steps.c.status == StepStatus.RUNNING.value,
                steps.c.owner == self._owner,
                steps.c.deaths >= _SUSPECT,
            )
            # The go under way counts as one of its tries.
            job = select(runs.c.id).where(
                or_(runs.c.job.is_not(None), runs.c.undo_at.is_not(None)),
                runs.c.owner == self._owner,
                runs.c.lease_until >= self._journal.now,
                runs.c.tries > _SUSPECT,
            )
            self._taken = any(connection.execute(query.limit(1)).first() for query in (step, job))
        return self._taken
