"""A run: one request, from acceptance to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from orchestrator.domain.approval import ApprovalRule, Patience
from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.reuse import CacheUse
from orchestrator.domain.undo import Undoing

Mode = Literal["auto", "plan", "approve"]
OnFailure = Literal["keep", "undo"]
PlannerChoice = Literal["auto", "llm", "offline"]


class RunStatus(StrEnum):
    """Where a run stands."""

    #: Accepted; a plan is being made.
    PLANNING = "planning"
    #: Planned, and meant to stop there.
    PLANNED = "planned"
    RUNNING = "running"
    #: A question or an approval is open, and nothing else can move.
    NEEDS_INPUT = "needs_input"
    #: A person stopped it for a while; nothing new is claimed.
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_ENDS = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

#: From each status, the statuses it may move to.
RUN_MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PLANNING: frozenset(
        {
            RunStatus.PLANNED,
            RunStatus.RUNNING,
            RunStatus.NEEDS_INPUT,
            RunStatus.PAUSED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.PLANNED: frozenset({RunStatus.RUNNING, RunStatus.PLANNING, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset(
        {
            RunStatus.NEEDS_INPUT,
            RunStatus.PAUSED,
            RunStatus.PLANNING,
            RunStatus.SUCCEEDED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.NEEDS_INPUT: frozenset(
        {
            RunStatus.PLANNING,
            RunStatus.RUNNING,
            RunStatus.PAUSED,
            RunStatus.SUCCEEDED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.PAUSED: frozenset(
        {
            RunStatus.PLANNING,
            RunStatus.RUNNING,
            RunStatus.NEEDS_INPUT,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.SUCCEEDED: frozenset({RunStatus.RUNNING, RunStatus.PLANNING}),
    RunStatus.FAILED: frozenset({RunStatus.RUNNING, RunStatus.PLANNING}),
    RunStatus.CANCELLED: frozenset({RunStatus.RUNNING, RunStatus.PLANNING}),
}


def run_ended(status: RunStatus) -> bool:
    """Whether nothing more happens unless a person reopens the run."""
    return status in _ENDS


def may_move(now: RunStatus, to: RunStatus) -> bool:
    """Whether a run may go from `now` to `to`."""
    return to in RUN_MOVES[now]


class Job(StrEnum):
    """What a run itself (not one of its steps) is waiting to have done."""

    #: Make a plan, then a path.
    PLAN = "plan"
    #: A step failed or fell below the gate: search again over what is not yet claimed.
    REPAIR = "repair"
    #: Tell the webhook that the run has ended.
    NOTIFY = "notify"
    #: Undo what the run has done before it failed. Never in the run's `job`: version 0.1 would not know it.
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class ToolFilter:
    """Which tools a run may use: names, or `tag:…`; an empty `include` means all."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a person or program asked for: words in `request`, or a graph of their own in `plan`.

    `plan` is the JSON of the request's `plan` field. Exactly one of the two is given.
    """

    request: str | None = None
    plan: Mapping[str, Any] | None = None
    #: A stored plan that this run is to follow exactly.
    plan_id: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    preference: Preference = field(default_factory=Preference)
    budget: Budget = field(default_factory=Budget)
    step_gate: float = 0.5
    tools: ToolFilter = field(default_factory=ToolFilter)
    mode: Mode = "auto"
    planner: PlannerChoice = "auto"
    webhook_url: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Whether results that tools let be used again are taken, and kept.
    cache: CacheUse = "use"
    #: Which calls wait for a person's word; the operator's rules come first.
    approve: tuple[ApprovalRule, ...] = ()
    patience: Patience = field(default_factory=Patience)
    priority: int = 5
    seed: int | None = None
    #: Whether the effects of a run that fails or is cancelled stay, or are undone.
    on_failure: OnFailure = "keep"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan may be asked under without planning anew; what is None stays as the request has it."""

    preference: Preference | None = None
    budget: Budget | None = None
    tools: ToolFilter | None = None

    def on(self, request: RunRequest) -> RunRequest:
        """The request under these terms; itself where they change nothing."""
        changed = replace(
            request,
            preference=self.preference or request.preference,
            budget=self.budget or request.budget,
            tools=self.tools or request.tools,
        )
        return request if changed == request else changed


@dataclass(frozen=True, slots=True)
class Spend:
    """What a run has used, and what is reserved for calls in flight."""

    usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)
    seconds: float = 0.0
    tokens: int = 0
    gpu_seconds: float = 0.0


class DeliveryStatus(StrEnum):
    """How the telling of a webhook stands."""

    #: It could not be told yet, and will be tried again.
    WAITING = "waiting"
    DELIVERED = "delivered"
    #: The receiver said no, or may not be called: not tried again.
    REFUSED = "refused"
    #: It could not be told, however often it was tried.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of telling a run's webhook of its end, at the last try."""

    status: DeliveryStatus
    tries: int
    at: float
    error: str | None = None
    #: When it is tried again.
    next_at: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The record of a run. Times are seconds since 1970 by the database's clock."""

    id: str
    request: RunRequest
    status: RunStatus
    created_at: float
    updated_at: float
    spend: Spend = field(default_factory=Spend)
    plan_id: str | None = None
    path_version: int = 0
    job: Job | None = None
    #: Who does its job now.
    owner: str | None = None
    #: Rises with each claim of its job; what a job makes counts only under the fence of its claim.
    fence: int = 0
    #: Answers given so far, by question id.
    answers: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    started_at: float | None = None
    finished_at: float | None = None
    deadline_at: float | None = None
    #: The job that was given up because every worker vanished over it.
    dead_job: str | None = None
    #: Where the undoing of its effects stands; None where they are kept.
    undoing: Undoing | None = None
    last_event: int = 0
    #: The API key it was submitted with; None for the service's own key.
    key_id: str | None = None
    #: Of its webhook; None where it has none, or was not tried yet.
    webhook: Delivery | None = None


@dataclass(frozen=True, slots=True)
class JobClaim:
    """A run's own job that this process holds, since `at` (seconds since 1970 by the database's clock)."""

    run: Run
    job: Job
    fence: int
    at: float = 0.0
