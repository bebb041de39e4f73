"""A step: one tool call of the chosen path; an attempt: one try at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from orchestrator.domain.question import Expired
from tools.asking import Ask
from tools.spec import Cache, Usage


class StepStatus(StrEnum):
    """Where a step stands."""

    #: Another step must end first.
    PENDING = "pending"
    #: May be claimed now.
    READY = "ready"
    #: Claimed under a lease.
    RUNNING = "running"
    #: For a person, a limit, or a pause before the next try; `cause` says which.
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    #: It ended, but its output was judged below the gate.
    LOW_QUALITY = "low_quality"
    FAILED = "failed"
    #: Never run; `cause` says why.
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    #: Its worker died too often while running it.
    POISONED = "poisoned"


_OPEN = frozenset({StepStatus.PENDING, StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING})

#: From each status, the statuses it may move to.
STEP_MOVES: Mapping[StepStatus, frozenset[StepStatus]] = {
    StepStatus.PENDING: frozenset(
        {StepStatus.READY, StepStatus.RUNNING, StepStatus.SKIPPED, StepStatus.CANCELLED}
    ),
    StepStatus.READY: frozenset(
        {
            StepStatus.RUNNING,
            StepStatus.WAITING,
            StepStatus.FAILED,
            StepStatus.SKIPPED,
            StepStatus.CANCELLED,
        }
    ),
    StepStatus.WAITING: frozenset(
        {
            StepStatus.READY,
            StepStatus.RUNNING,
            StepStatus.SUCCEEDED,
            StepStatus.FAILED,
            StepStatus.SKIPPED,
            StepStatus.CANCELLED,
        }
    ),
    StepStatus.RUNNING: frozenset(
        {
            StepStatus.SUCCEEDED,
            StepStatus.LOW_QUALITY,
            StepStatus.FAILED,
            StepStatus.WAITING,
            StepStatus.READY,
            StepStatus.CANCELLED,
            StepStatus.POISONED,
        }
    ),
    StepStatus.SUCCEEDED: frozenset({StepStatus.PENDING, StepStatus.READY, StepStatus.SKIPPED}),
    StepStatus.LOW_QUALITY: frozenset({StepStatus.READY, StepStatus.PENDING, StepStatus.SKIPPED}),
    StepStatus.FAILED: frozenset({StepStatus.READY, StepStatus.PENDING, StepStatus.SKIPPED}),
    StepStatus.SKIPPED: frozenset({StepStatus.PENDING, StepStatus.READY}),
    StepStatus.CANCELLED: frozenset({StepStatus.PENDING, StepStatus.READY}),
    StepStatus.POISONED: frozenset({StepStatus.READY, StepStatus.PENDING, StepStatus.SKIPPED}),
}


def step_open(status: StepStatus) -> bool:
    """Whether the step may still move by itself."""
    return status in _OPEN


@dataclass(frozen=True, slots=True)
class StepId:
    """A step of a run: `idx` counts from 0 in the order of creation."""

    run_id: str
    idx: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A step that this process holds: all it needs to make the call.

    `arguments` may hold references (`{"ref": "a.text"}`). `fence` rises with each claim; an
    outcome counts only under the fence it was claimed with.
    """

    id: StepId
    fence: int
    key: str
    subtask: str
    subtask_type: str
    tool: str
    tool_version: int
    arguments: Mapping[str, Any]
    #: Step that feeds "@" references: the call before this one in the same option.
    previous: int | None
    children: tuple[int, ...]
    revision: int
    tries: int
    timeout: float
    step_gate: float
    aliases: Mapping[str, str] = field(default_factory=dict)
    #: Seconds that were left of the step's own deadline when it was claimed.
    time_left: float | None = None
    #: The result it has stands for the call, so nothing was asked or set aside: it must not be called.
    result_only: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The claim of a step as it will be, once those of its needs that are `missing` have succeeded."""

    claim: Claim
    missing: frozenset[int]


class Ending(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    LOW_QUALITY = "low_quality"
    FAILED = "failed"
    #: Will be tried again at a later time.
    RETRY = "retry"
    #: Asked something of a person; is made again with the answer.
    ASKED = "asked"
    CANCELLED = "cancelled"
    #: The worker vanished while it held the step.
    LOST = "lost"


#: Who judged an output.
VerdictSource = Literal["schema", "rule", "scorer", "model", "person"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call said that it was: a share in [0, 1], in words, and when (seconds since the epoch)."""

    share: float
    message: str
    at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement of an output: `quality` in [0, 1] and who said so."""

    quality: float
    source: VerdictSource
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReusedFrom:
    """The step whose result was taken instead of calling: made `at`, `age` seconds before it was taken."""

    run_id: str
    step: str
    at: float
    age: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asked of a person; the answers are for that very `call`, by its key."""

    call: str
    asks: tuple[Ask, ...]
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, to be recorded under the claim's fence."""

    claim: Claim
    ending: Ending
    output: Mapping[str, Any] | None = None
    verdict: Verdict | None = None
    usage: Usage = field(default_factory=Usage)
    error: Mapping[str, Any] | None = None
    #: Seconds from now until the next try, with `ending` RETRY.
    retry_in: float = 0.0
    #: New arguments for the next try, when the step is retried with changed parameters.
    revised: Mapping[str, Any] | None = None
    started_at: float = 0.0
    #: What the output is the result of (`domain.reuse.result_key`), where it succeeded.
    result_key: str | None = None
    #: Whose result it is, when no call was made.
    reused_from: ReusedFrom | None = None
    #: Under which rule the result is kept for other steps.
    cache: Cache | None = None
    #: What it asked, with `ending` ASKED.
    asked: Asked | None = None
    #: The most its call may cost, where a claim for its result alone found that gone.
    worst_usd: Decimal | None = None
    #: What went into the call and came out of it: excerpts for people, JSON cut to size, without secrets.
    request: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The record of a step, as pages and queries see it."""

    id: StepId
    key: str
    subtask: str
    option: str
    tool: str
    tool_version: int
    status: StepStatus
    arguments: Mapping[str, Any]
    needs: tuple[int, ...]
    children: tuple[int, ...]
    path_version: int
    #: Which call of its option it is, from 0.
    part: int = 0
    queue: str = "default"
    fence: int = 0
    tries: int = 0
    revision: int = 0
    owner: str | None = None
    run_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    output: Mapping[str, Any] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None
    usd: Decimal = Decimal(0)
    seconds: float = 0.0
    tokens: int = 0
    gpu_seconds: float = 0.0
    cause: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    #: What its output is the result of, with the fence it was recorded under.
    result_key: str | None = None
    reused_from: ReusedFrom | None = None
    #: Of its newest call that said anything.
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """The record of one try at a step."""

    step: StepId
    number: int
    ending: Ending
    started_at: float
    finished_at: float
    worker: str
    revision: int
    usd: Decimal
    tokens: int
    gpu_seconds: float
    error: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording an outcome did: whether it counted, and the steps claimed in the same commit."""

    accepted: bool
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """What the sweeper found: steps whose lease had run out, and whether anything waits to be claimed."""

    lost: int = 0
    due: bool = False
    #: Whether the undoing of some run waits for somebody to do it.
    undos: bool = False
    #: Open questions that are to be answered by their default now.
    expired: tuple[Expired, ...] = ()
