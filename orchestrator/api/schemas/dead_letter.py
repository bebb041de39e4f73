"""Dead letters: what was given up because every worker vanished over it."""

from __future__ import annotations

from datetime import datetime

from orchestrator.api.schemas.codes import ErrorOut
from orchestrator.api.schemas.fields import Asked, Moment, Told


class DeadLetterOut(Told):
    """`step` is the number of a step, or the name of the run's own job (plan, repair)."""

    run: str
    step: str
    subtask: str | None
    tool: str | None
    at: Moment
    deaths: int
    error: ErrorOut | None
    request: str
    links: dict[str, str]


class DeadLettersIn(Asked):
    """Which to requeue; without a field all."""

    tool: str | None = None
    since: datetime | None = None
