"""Dead letters: what was given up because every worker vanished over it."""

from __future__ import annotations

from datetime import datetime

from orchestrator.api.schemas.fields import Asked, Json, Moment, Told


class DeadLetterOut(Told):
    """`step` is the number of a step, or the name of the run's own job (plan, repair)."""

    run: str
    step: str
    subtask: str | None
    tool: str | None
    at: Moment
    deaths: int
    error: dict[str, Json] | None
    request: str
    links: dict[str, str]


class DeadLettersIn(Asked):
    """Which to requeue; without a field all."""

    tool: str | None = None
    since: datetime | None = None
