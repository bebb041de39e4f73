"""What is shown of runs, plans and questions: values that reads put together for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from orchestrator.domain.feedback import Feedback
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.question import Question
from orchestrator.domain.run import Run, RunRequest, RunStatus
from orchestrator.domain.step import Attempt, Step
from orchestrator.domain.undo import Undo
from orchestrator.domain.waiting import Waiting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as stored: with its request, its path if it has one, and the plan it was edited from."""

    plan: Plan
    request: RunRequest
    path: Path | None
    created_at: float
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs: `q` is looked for in the request's text; times are seconds since 1970.

    Ranges hold their first value and not their last. `quiet` finds runs that have not ended and to which
    nothing has happened for so many seconds, `retrying` those that have a step which failed and will be
    tried again.
    """

    statuses: tuple[RunStatus, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    q: str | None = None
    since: float | None = None
    until: float | None = None
    finished_since: float | None = None
    finished_until: float | None = None
    #: USD spent.
    usd_from: Decimal | None = None
    usd_until: Decimal | None = None
    quiet: float | None = None
    retrying: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    """All that a run's page shows."""

    run: Run
    plan: StoredPlan | None
    path: Path | None
    steps: tuple[Step, ...]
    attempts: tuple[Attempt, ...]
    questions: tuple[Question, ...]
    #: The queues that a live worker serves; None where nobody looked.
    served: frozenset[str] | None = None
    undos: tuple[Undo, ...] = ()
    #: What people said of it and of its outputs, oldest first.
    feedback: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A try at a step, with excerpts of what went into its call and came out; None where none was made."""

    attempt: Attempt
    request: str | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run is in a list: its steps counted by status, and what it waits for."""

    run: Run
    counts: Mapping[str, int]
    waiting: Waiting | None


@dataclass(frozen=True, slots=True)
class InboxItem:
    """An open question and the run it belongs to."""

    question: Question
    request: str
    run_status: RunStatus
