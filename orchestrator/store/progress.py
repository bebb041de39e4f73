"""What calls under way say of how far they are."""

from __future__ import annotations

from sqlalchemy import and_, update

from orchestrator.domain.events import EventType
from orchestrator.domain.step import Claim, Progress, StepStatus
from orchestrator.store.codec import dump
from orchestrator.store.journal import Journal
from orchestrator.store.tables import steps


def note(journal: Journal, claim: Claim, told: Progress) -> None:
    """Keep the newest with the step, and tell followers; void for who does not hold the step any more."""
    run_id = claim.id.run_id
    journal.lock([run_id])
    here = and_(
        steps.c.run_id == run_id,
        steps.c.idx == claim.id.idx,
        steps.c.fence == claim.fence,
        steps.c.status == StepStatus.RUNNING.value,
    )
    kept = update(steps).where(here).values(progress=dump(Progress, told))
    if journal.connection.execute(kept).rowcount:
        data = {"step": claim.key, "subtask": claim.subtask, "tool": claim.tool, "attempt": claim.fence}
        said = {"share": told.share, "message": told.message}
        journal.event(run_id, EventType.STEP_PROGRESS, data | said)
