"""Routes of the contract that this version does not serve: they say so, instead of being unknown."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request

from orchestrator.errors import NotBuilt

_PATHS = (
    "/v1/workflows",
    "/v1/workflows/{name}",
    "/v1/workflows/{name}/runs",
    "/v1/schedules",
    "/v1/schedules/{name}",
    "/v1/audit",
    "/metrics",
    "/openai/v1/chat/completions",
    "/openai/v1/models",
)

router = APIRouter(include_in_schema=False)


async def _not_built(request: Request) -> None:
    raise NotBuilt(f"{request.url.path} is not served by this version.")


for _path in _PATHS:
    router.add_api_route(_path, _not_built, methods=["GET", "POST", "PUT", "DELETE"])
