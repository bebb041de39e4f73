"""The workers that are alive."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import Parts
from orchestrator.api.schemas.worker import WorkerOut

router = APIRouter(prefix="/v1/workers", tags=["operations"])


@router.get("", summary="Workers that are alive, and the queues that they serve")
async def listing(parts: Parts) -> list[WorkerOut]:
    """All of them; a worker that has said nothing for half a minute is not alive."""
    return [WorkerOut.of(worker) for worker in await parts.workers.alive()]
