"""The stream of a run's events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from orchestrator.api.deps import Parts
from orchestrator.api.following import Followers
from orchestrator.errors import FieldProblem, Invalid

router = APIRouter(prefix="/v1/runs", tags=["runs"])


@router.get(
    "/{run_id}/events",
    summary="Follow a run",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/EventOut"}}},
            "description": "events in order of their numbers, each with this as its data",
        },
        204: {"description": "there is nothing after that event"},
    },
)
async def follow(
    run_id: str,
    request: Request,
    parts: Parts,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int, Query(ge=0, description="as Last-Event-ID")] = 0,
) -> Response:
    """Server-Sent Events; ids are event numbers, and the stream ends after the final event."""
    followers: Followers = request.app.state.followers
    number = after if last_event_id is None else _number(last_event_id)
    if await followers.ended_at(run_id, number):
        return Response(status_code=204)  # tells an EventSource not to come again
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = followers.stream(run_id, after=number)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _number(text: str) -> int:
    if text.isdecimal() and text.isascii() and len(text) <= len(str(2**63)):
        return int(text)
    detail = f"header parameter: {text[:50]!r} is not the number of an event"
    raise Invalid("Last-Event-ID is wrong.", problems=[FieldProblem("/last-event-id", detail)])
