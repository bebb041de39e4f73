"""Whether the service lives, and whether it can work."""

from __future__ import annotations

import logging
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.api.deps import Parts
from orchestrator.api.problems import problem
from orchestrator.api.schemas.fields import Told

log = logging.getLogger(__name__)

router = APIRouter(tags=["operations"])


class HealthOut(Told):
    """The process answers, or new work may be sent to it."""

    status: Literal["ok", "ready"]


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> HealthOut:
    """Always, while the process can answer at all."""
    return HealthOut(status="ok")


@router.get("/readyz", summary="Whether new work may be sent here", response_model=HealthOut)
async def readyz(parts: Parts, request: Request) -> Response:
    """503 while the database cannot be read and written, and once the service has been told to stop."""
    if request.app.state.draining:
        return problem(503, "The service is stopping; send requests elsewhere.", code="draining")
    try:
        await parts.store.check()
    except Exception:
        log.warning("the database cannot be used", exc_info=True)
        return problem(503, "The database cannot be read and written.", code="not_ready")
    return JSONResponse({"status": "ready"})
