"""Whether the service lives, and whether it can work."""

from __future__ import annotations

import logging

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from orchestrator.api.deps import Parts
from orchestrator.api.problems import problem

log = logging.getLogger(__name__)

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> dict[str, str]:
    """Always, while the process can answer at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether the database can be read and written")
async def readyz(parts: Parts) -> Response:
    """503 while it cannot."""
    try:
        await parts.store.check()
    except Exception:
        log.warning("the database cannot be used", exc_info=True)
        return problem(503, "The database cannot be read and written.", code="not_ready")
    return JSONResponse({"status": "ready"})
