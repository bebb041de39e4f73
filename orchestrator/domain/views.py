"""What is shown of runs, plans and questions: values that reads put together for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
    """Which runs: `q` is looked for in the request's text, `since` is a time in seconds."""

    statuses: tuple[RunStatus, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    q: str | None = None
    since: float | None = None


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
