"""The inbox: everything that waits for a person, over all runs."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import Cursor, Limit, Parts
from orchestrator.api.render import question_out
from orchestrator.api.schemas.artifact import InboxCountOut, InboxOut
from orchestrator.api.schemas.fields import PageOut

router = APIRouter(prefix="/v1/inbox", tags=["inbox"])

#: Counted no further: who has so many questions does not need to know how many.
_COUNTED = 999


@router.get("", summary="Open questions and approvals, oldest first")
async def page(parts: Parts, limit: Limit = 50, cursor: Cursor = None) -> PageOut[InboxOut]:
    """One page of what waits for a person."""
    found = await parts.store.inbox(limit=limit, cursor=cursor)
    items = [
        InboxOut(
            run=item.question.run_id,
            run_status=item.run_status,
            request=item.request,
            question=question_out(item.question),
            links={
                "run": f"/v1/runs/{item.question.run_id}",
                "answers": f"/v1/runs/{item.question.run_id}/answers",
            },
        )
        for item in found.items
    ]
    return PageOut[InboxOut](items=items, next_cursor=found.next_cursor)


@router.get("/count", summary="How many questions and approvals are open")
async def count(parts: Parts) -> InboxCountOut:
    """Counted to 999."""
    waiting = await parts.store.inbox_count(most=_COUNTED + 1)
    return InboxCountOut(waiting=min(waiting, _COUNTED), more=waiting > _COUNTED)
