"""Dead letters: what was given up because every worker vanished over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters: of a tool, given up at or after `since` (seconds since 1970)."""

    tool: str | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A step, or a job of a run, that was given up because every worker vanished over it.

    `step` is the step's number, or the name of the job.
    """

    run_id: str
    step: str
    subtask: str | None
    tool: str | None
    at: float
    deaths: int
    error: Mapping[str, Any] | None
    request: str
