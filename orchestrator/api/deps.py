"""What routes are given: the service's parts, and the cursor of a page.

Async although they wait for nothing: FastAPI runs plain functions on threads, at ten times the cost.
"""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Depends, Query, Request

from orchestrator.api.edge import CALLER
from orchestrator.bootstrap import Services
from orchestrator.errors import Forbidden


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _now() -> float:
    return time.time()


async def _caller(request: Request) -> str | None:
    caller: str | None = request.scope[CALLER]
    return caller


async def _owner_only(request: Request) -> None:
    if request.scope[CALLER] is not None:
        raise Forbidden("Only the service's own key (TOOLPATH_API_KEY, or local.key) may do this.")


#: The object graph that `bootstrap` built.
Parts = Annotated[Services, Depends(_services)]
#: The id of the API key that the request came with; None for the service's own key.
Caller = Annotated[str | None, Depends(_caller)]
#: Refuses every other key.
OwnerOnly = Depends(_owner_only)
#: Seconds since 1970.
Now = Annotated[float, Depends(_now)]
Limit = Annotated[int, Query(ge=1, le=200, description="items on a page")]
Cursor = Annotated[str | None, Query(max_length=500, description="the next_cursor of the page before")]
