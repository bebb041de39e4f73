"""What is told about a run: its events, numbered from 1 without a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What happened."""

    RUN_ACCEPTED = "run.accepted"
    RUN_STATUS = "run.status"
    #: The run has ended; the stream closes after it.
    RUN_ENDED = "run.ended"
    RUN_REOPENED = "run.reopened"
    PLAN_MADE = "plan.made"
    PATH_CHOSEN = "path.chosen"
    QUESTION_ASKED = "question.asked"
    QUESTION_ANSWERED = "question.answered"
    STEP_STARTED = "step.started"
    #: How far a call is; told at most once a second, and not by short calls.
    STEP_PROGRESS = "step.progress"
    STEP_SUCCEEDED = "step.succeeded"
    STEP_LOW_QUALITY = "step.low_quality"
    STEP_FAILED = "step.failed"
    STEP_WAITING = "step.waiting"
    STEP_SKIPPED = "step.skipped"
    STEP_CANCELLED = "step.cancelled"
    STEP_LOST = "step.lost"
    STEP_POISONED = "step.poisoned"
    UNDO_STARTED = "undo.started"
    UNDO_SUCCEEDED = "undo.succeeded"
    UNDO_FAILED = "undo.failed"
    #: A person judged a run that has ended, or an output of it; the stream closes after it.
    FEEDBACK_GIVEN = "feedback.given"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a run; `number` rises by one within the run."""

    run_id: str
    number: int
    type: EventType
    at: float
    data: Mapping[str, Any] = field(default_factory=dict)
