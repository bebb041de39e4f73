"""Events of a run, as its stream has them."""

from __future__ import annotations

from orchestrator.api.schemas.fields import Json, Moment, Told
from orchestrator.domain.events import EventType


class EventOut(Told):
    """The data of one Server-Sent Event; `data` says by type what happened."""

    run: str
    number: int
    type: EventType
    at: Moment
    data: dict[str, Json]
