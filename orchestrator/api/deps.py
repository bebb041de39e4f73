"""What routes are given: the service's parts, and the cursor of a page.

Async although they wait for nothing: FastAPI runs plain functions on threads, at ten times the cost.
"""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Depends, Query, Request

from orchestrator.bootstrap import Services


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _now() -> float:
    return time.time()


#: The object graph that `bootstrap` built.
Parts = Annotated[Services, Depends(_services)]
#: Seconds since 1970.
Now = Annotated[float, Depends(_now)]
Limit = Annotated[int, Query(ge=1, le=200, description="items on a page")]
Cursor = Annotated[str | None, Query(max_length=500, description="the next_cursor of the page before")]
