"""What streams tell: the events of a run, and which runs change."""

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


class ChangesOut(Told):
    """The data of one message of the stream over all runs; none are named where all must be looked at."""

    runs: list[str]
