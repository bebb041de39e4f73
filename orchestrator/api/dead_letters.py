"""Routes of dead letters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from orchestrator.api.deps import Cursor, Limit, Now, Parts
from orchestrator.api.render import run_out
from orchestrator.api.schemas.codes import error_out
from orchestrator.api.schemas.dead_letter import DeadLetterOut, DeadLettersIn
from orchestrator.api.schemas.fields import PageOut, seconds_of
from orchestrator.api.schemas.run import BulkOut, RefusedOut, RunOut
from orchestrator.domain.dead_letter import DeadLetterFilter
from orchestrator.runs.dead_letters import requeue, requeue_many

router = APIRouter(prefix="/v1/dead-letters", tags=["operations"])


@router.get("", summary="What every worker vanished over, newest first")
async def page(
    parts: Parts,
    tool: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[datetime | None, Query(description="given up at or after")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[DeadLetterOut]:
    """Poisoned steps and jobs of failed runs; what merely failed is found among the runs."""
    wanted = DeadLetterFilter(tool, seconds_of(since))
    found = await parts.store.dead_letters(wanted, limit=limit, cursor=cursor)
    items = [
        DeadLetterOut(
            run=letter.run_id,
            step=letter.step,
            subtask=letter.subtask,
            tool=letter.tool,
            at=letter.at,
            deaths=letter.deaths,
            error=error_out(None if letter.error is None else dict(letter.error)),
            request=letter.request,
            links={
                "run": f"/v1/runs/{letter.run_id}",
                "requeue": f"/v1/dead-letters/{letter.run_id}/{letter.step}/requeue",
            },
        )
        for letter in found.items
    ]
    return PageOut[DeadLetterOut](items=items, next_cursor=found.next_cursor)


@router.post("/requeue", summary="Requeue all that a filter finds")
async def requeue_found(body: DeadLettersIn, parts: Parts) -> BulkOut:
    """Each run is judged alone; one dead letter of a run takes up all of them."""
    wanted = DeadLetterFilter(body.tool, seconds_of(body.since))
    done = await requeue_many(wanted, store=parts.store, doorbell=parts.doorbell)
    refused = [RefusedOut(id=id, reason=reason) for id, reason in done.refused]
    return BulkOut(done=list(done.done), refused=refused, more=done.more)


@router.post("/{run_id}/{step}/requeue", summary="Give a dead letter another go")
async def requeue_one(run_id: str, step: str, parts: Parts, now: Now) -> RunOut:
    """The deaths are forgotten, and the run goes on where it stopped."""
    await requeue(run_id, step, store=parts.store, doorbell=parts.doorbell)
    return run_out(await parts.store.view(run_id), now=now)
