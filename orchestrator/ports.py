"""The sockets of the orchestrator: what its rules need from the outside, as small protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, Literal, Protocol, TypeVar

from orchestrator.domain.artifact import Artifact
from orchestrator.domain.belief import Belief, Prior
from orchestrator.domain.dead_letter import DeadLetter, DeadLetterFilter
from orchestrator.domain.events import Event, EventType
from orchestrator.domain.feedback import Said
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import NeedsAnswers, Planned, PlanningTask
from orchestrator.domain.question import Question
from orchestrator.domain.reuse import CacheAnswer, Kept
from orchestrator.domain.run import Job, JobClaim, Run, RunRequest, RunStatus
from orchestrator.domain.step import (
    Claim,
    Foreseen,
    Outcome,
    Progress,
    Recorded,
    Step,
    StepId,
    StepStatus,
    Swept,
    Verdict,
)
from orchestrator.domain.undo import Undo, Undoing
from orchestrator.domain.views import Exchanged, InboxItem, Page, RunFilter, RunSummary, RunView, StoredPlan
from orchestrator.domain.worker import Worker
from tools.adapter import CallContext, Files
from tools.asking import Answers
from tools.spec import Cache, Tool, ToolResult

T = TypeVar("T")


# --- calling tools and models -------------------------------------------------------------------


class ToolCaller(Protocol):
    """Calls tools of every kind (`tools.toolbox.Toolbox`)."""

    async def call(self, tool: Tool, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Make the call; raises `tools.errors.ToolError` only."""
        ...

    def available(self, tool: Tool) -> str | None:
        """None, or why the tool cannot run here, with the hint that mends it."""
        ...


class Secrets(Protocol):
    """Values that calls need and nobody sees, by their names."""

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        """The values by name, read at the last moment; those that there are not are left out."""
        ...


class Judge(Protocol):
    """Judges the output of a step."""

    async def judge(
        self, tool: Tool, arguments: Mapping[str, Any], output: Mapping[str, Any]
    ) -> Verdict | None:
        """A verdict on quality; None when nothing speaks for or against beyond the schema."""
        ...


class Planner(Protocol):
    """Turns a request into a checked plan with its best path."""

    async def plan(self, task: PlanningTask) -> Planned | NeedsAnswers:
        """Raises `NoSuitableTool`, `PlanRejected`, `BudgetTooSmall`, `ModelFailed` or `Invalid`."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """A tool found by the retriever: its score and the words that speak for it."""

    tool: Tool
    score: float
    matched: tuple[str, ...] = ()


class Retriever(Protocol):
    """Finds the tools that fit words."""

    async def search(
        self, query: str, *, k: int = 10, accept: Callable[[Tool], bool] | None = None
    ) -> list[Hit]:
        """Exactly `k` hits when that many accepted tools exist, best first, ties by name."""
        ...


# --- artifacts ----------------------------------------------------------------------------------


class Artifacts(Files, Protocol):
    """Bytes kept by their content (`load` and `save` of `Files` are what tools see)."""

    async def put(self, data: bytes, *, media_type: str, name: str) -> Artifact:
        """Keep bytes. Raises `StorageFull`."""
        ...

    async def put_file(self, path: FilePath, *, media_type: str, name: str) -> Artifact:
        """Keep a file's bytes. Raises `StorageFull`."""
        ...

    async def get(self, id: str) -> Artifact:
        """The record. Raises `NotFound`."""
        ...

    def path(self, id: str) -> FilePath:
        """Where the bytes lie on this machine (read only)."""
        ...


# --- the tool catalog and beliefs ---------------------------------------------------------------


#: Only an active tool is searched, planned with and called.
ToolStatus = Literal["active", "quarantined", "disabled", "unavailable"]


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A registered tool and its state, with the reason."""

    tool: Tool
    status: ToolStatus = "active"
    reason: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    #: While it is quarantined: what it would become, once a person has approved that.
    pending: Tool | None = None


class Catalog(Protocol):
    """All registered tools, built-in ones included; old versions stay for the runs that pinned them."""

    async def active(self) -> Sequence[Tool]:
        """The newest version of each tool that may be planned with; the same object until it changes."""
        ...

    async def entries(self) -> Mapping[str, CatalogEntry]:
        """The newest version of each tool that is not removed, in order of name; not to be changed."""
        ...

    async def entry(self, name: str) -> CatalogEntry:
        """The newest version. Raises `NotFound`."""
        ...

    async def pinned(self, name: str, version: int) -> Tool:
        """That very version, removed or not. Raises `NotFound`."""
        ...

    async def add(self, tool: Tool, *, replace: bool = False, reason: str = "") -> CatalogEntry:
        """Register; with `replace` a new version when its hash differs. Raises `Conflict` if it exists.

        A `reason` says why it cannot be called here, and makes it unavailable.
        """
        ...

    async def add_all(
        self, new: Sequence[Tool], *, replace: bool = False, reasons: dict[str, str] | None = None
    ) -> list[CatalogEntry]:
        """As `add`, many in one commit; `reasons` says of those that cannot be called here why."""
        ...

    async def remove(self, name: str) -> None:
        """Take it out of sight; runs that pinned it go on. Raises `NotFound`."""
        ...


class Beliefs(Protocol):
    """The living benchmark table."""

    async def of(self, asked: Sequence[tuple[Tool, str]]) -> list[Belief]:
        """For each (tool, sub-task type): what was seen there, on the prior written for that type,
        else for "*", else on the one of the tool's record."""
        ...

    async def table(self, tool: Tool) -> list[Belief]:
        """All beliefs about that tool version."""
        ...

    async def tables(self, tools: Sequence[Tool]) -> list[list[Belief]]:
        """The same of many, in one query."""
        ...

    async def set_prior(self, tool: Tool, subtask_type: str, prior: Prior) -> Belief:
        """Write a prior; what was observed stays."""
        ...


# --- the truth ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step to insert; `needs` and `children` are step numbers of the same run."""

    idx: int
    key: str
    subtask: str
    subtask_type: str
    part: int
    option: str
    tool: str
    tool_version: int
    tool_hash: str
    once: bool
    arguments: Mapping[str, Any]
    needs: tuple[int, ...]
    children: tuple[int, ...]
    #: How many of `needs` have not ended yet.
    needs_left: int
    path_version: int
    previous: int | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    queue: str = "default"
    priority: int = 5
    timeout: float = 60.0
    #: Seconds from its first readiness to its end, over all tries.
    deadline: float | None = None
    step_gate: float = 0.5
    #: The most this call can cost, reserved before it is claimed.
    worst_usd: Decimal = Decimal(0)
    #: Why it waits for a person's word (`domain.approval.asked`).
    approval: Mapping[str, Any] | None = None
    #: Limits that hold for it besides those of its tool and of its run's key (domain.limits).
    pools: tuple[str, ...] = ()


class Transaction(Protocol):
    """One transaction, used in a plain function that `Store.write` runs on the writer's thread.

    Everything here is synchronous and may run twice (the writer repeats a transaction that lost
    its connection), so the function must do nothing but call this object.
    """

    now: float

    def run(self, run_id: str) -> Run:
        """The run, locked until the end of the transaction. Raises `NotFound`."""
        ...

    def move_run(
        self,
        run_id: str,
        to: RunStatus,
        *,
        error: Mapping[str, Any] | None = None,
        job: Job | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Change the status and `job` (None clears it), with its event. Raises `Conflict`.

        A move to an ended status appends `run.ended` as the last event; a move out of one
        appends `run.reopened`.
        """
        ...

    def update_run(self, run_id: str, **fields: Any) -> None:
        """Set plain fields: plan_id, path_version, answers, job, error, started_at."""
        ...

    def follow_plan(self, run_id: str, stored: StoredPlan) -> None:
        """Have the run follow that plan, under the preference, limits and tools that it was made under.

        A time limit other than the run's own counts from now.
        """
        ...

    def charge(self, run_id: str, *, usd: Decimal = Decimal(0), tokens: int = 0) -> None:
        """Add to what the run has spent."""
        ...

    def steps(self, run_id: str) -> list[Step]:
        """All steps of all path versions, by number."""
        ...

    def add_steps(self, run_id: str, steps: Sequence[NewStep]) -> None:
        """Insert; those without open needs become ready."""
        ...

    def move_step(self, step: StepId, to: StepStatus, **fields: Any) -> None:
        """Change status and fields (cause, arguments, run_at, needs_left, output, children, error …).

        Leaving `running` raises the fence, so that a late answer is refused. Raises `Conflict`.
        """
        ...

    def settle_approval(
        self, step: StepId, *, approved: bool, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Let a step that waits for approval go, with other arguments where given, or fail it."""
        ...

    def update_step(self, step: StepId, **fields: Any) -> None:
        """Set fields without a move and without an event."""
        ...

    def undos(self, run_id: str) -> list[Undo]:
        """All undos of the run's steps, in order."""
        ...

    def put_undo(self, undo: Undo) -> None:
        """Write an undo, whether it was there before or not."""
        ...

    def end_undoing(self, run_id: str, to: Undoing, detail: Mapping[str, Any]) -> None:
        """Undoing stops: it is done, or waits for a person. Appends `run.ended` and tells the webhook."""
        ...

    def go_on_undoing(self, run_id: str) -> None:
        """A person has spoken on what failed: undo the rest."""
        ...

    def end_if_over(self, run_id: str) -> None:
        """End a running run whose last open step has ended and that has no job left."""
        ...

    def tool(self, name: str, version: int) -> Tool:
        """That very version of a tool, removed or not. Raises `NotFound`."""
        ...

    def event(self, run_id: str, type: EventType, data: Mapping[str, Any] | None = None) -> None:
        """Append an event; its number is given in this transaction."""
        ...

    def add_plan(
        self, plan: Plan, *, request: RunRequest, path: Path | None, parent: str | None = None
    ) -> None:
        """Store a plan with the request it answers."""
        ...

    def plan(self, plan_id: str) -> StoredPlan:
        """Raises `NotFound`."""
        ...

    def add_path(self, run_id: str, path: Path, *, cause: str) -> None:
        """Store a version of the run's path."""
        ...

    def path(self, run_id: str) -> Path | None:
        """The newest version."""
        ...

    def questions(self, run_id: str) -> list[Question]:
        """All questions of the run, open ones first."""
        ...

    def add_question(self, question: Question) -> None:
        """Ask; a question whose id is already open for the run is left as it is."""
        ...

    def answer_question(self, run_id: str, question_id: str, answer: Any, *, by: str = "person") -> None:
        """By a person, or by "expiry". Raises `NotFound`, or `Conflict` when it is answered."""
        ...

    def say(self, run_id: str, step: StepId | None, said: Said, *, by: str | None) -> None:
        """Keep what the key `by` says in place of what it said before, and believe it of a step's tool."""
        ...


class Workers(Protocol):
    """Which workers are alive."""

    async def present(self, worker: Worker) -> None:
        """Say that it is alive."""
        ...

    async def absent(self, owner: str) -> None:
        """Say that it stops."""
        ...

    async def alive(self) -> Sequence[Worker]:
        """Those heard of lately, by name."""
        ...


class Store(Protocol):
    """The truth: transactions for people's acts, and the pages' views."""

    async def write(self, act: Callable[[Transaction], T], *, keep: bool = False) -> T:
        """Run `act` in a transaction; its exceptions undo it alone. With `keep` it waits for a full disk."""
        ...

    async def accept(
        self,
        run_id: str,
        request: RunRequest,
        *,
        key: str | None = None,
        fingerprint: str = "",
        job: Job = Job.PLAN,
        key_id: str | None = None,
    ) -> Run:
        """Insert a run in status planning, durably; the same `key` answers the run it made first.

        `key_id` is the API key it came with; idempotency keys are each caller's own.

        Raises `IdempotencyReused` when the fingerprint differs.
        """
        ...

    async def view(self, run_id: str) -> RunView:
        """Raises `NotFound`."""
        ...

    async def exchanges(self, run_id: str, step: str) -> tuple[Exchanged, ...]:
        """The tries at the step of that key or number, oldest first. Raises `NotFound`."""
        ...

    async def runs(self, filter: RunFilter, *, limit: int, cursor: str | None) -> Page[RunSummary]:
        """Newest first; the views hold the run and its steps, without plan and attempts. Raises `Invalid`."""
        ...

    async def events(self, run_id: str, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events with a number above `after`, in order. Raises `NotFound`."""
        ...

    async def plan(self, plan_id: str) -> StoredPlan:
        """Raises `NotFound`."""
        ...

    async def inbox(self, *, limit: int, cursor: str | None) -> Page[InboxItem]:
        """Open questions over all runs, oldest first."""
        ...

    async def inbox_count(self, *, most: int) -> int:
        """How many open questions there are over all runs, counted to `most`."""
        ...

    async def dead_letters(
        self, filter: DeadLetterFilter, *, limit: int, cursor: str | None
    ) -> Page[DeadLetter]:
        """Poisoned steps and jobs of failed runs, newest first. Raises `Invalid`."""
        ...

    async def check(self) -> None:
        """Raises when the database cannot be read and written."""
        ...


class StepStore(Protocol):
    """The hot path of execution; the claims and outcomes of a process share commits."""

    async def claim(self, *, owner: str, queues: Sequence[str], room: int) -> list[Claim]:
        """Claim up to `room` ready steps that are due, reserving their worst cost."""
        ...

    async def claim_jobs(self, *, owner: str, room: int) -> list[JobClaim]:
        """Claim up to `room` planning and repair jobs."""
        ...

    async def claim_undos(self, *, owner: str, room: int) -> list[JobClaim]:
        """Claim the undoing of up to `room` runs (`Job.UNDO`)."""
        ...

    async def record(self, outcome: Outcome, *, owner: str, room: Callable[[], int]) -> Recorded:
        """Record under the fence; claim newly ready children for `owner` while `room()` says so."""
        ...

    async def foresee(self, children: Mapping[StepId, StepId]) -> list[Foreseen]:
        """Those of the children that will be free to go without any decision, for the first time.

        They cost nothing and are of the queue of the parent that each is given with.
        """
        ...

    async def outputs(
        self, run_id: str, steps: Sequence[str]
    ) -> Mapping[str, tuple[Mapping[str, Any], Mapping[str, str]]]:
        """(output, aliases) of the finished step of each sub-task named."""
        ...

    async def step_output(self, step: StepId) -> Mapping[str, Any]:
        """The output of one finished step. Raises `NotFound`."""
        ...

    async def note_progress(self, claim: Claim, told: Progress) -> None:
        """Keep how far the call of a step is, and tell followers; void under an old fence."""
        ...

    async def answers(self, step: StepId, call: str) -> tuple[Answers, ...]:
        """What persons answered to earlier attempts of the step at that call, oldest first."""
        ...

    async def own_result(self, step: StepId, key: str) -> Kept | None:
        """What a step that was taken up again yielded before, if that was the result of the same call."""
        ...

    async def cached_result(self, run_id: str, cache: Cache, key: str) -> CacheAnswer:
        """What is kept for a call of that run, and whether its result is to be kept."""
        ...

    def heartbeat(
        self,
        *,
        owner: str,
        claims: Sequence[tuple[StepId, int]],
        jobs: Sequence[tuple[str, int]],
    ) -> Sequence[object]:
        """Prolong leases, on the caller's thread; answers the step ids and run ids that were lost."""
        ...

    async def hand_back(
        self, *, owner: str, claims: Sequence[tuple[StepId, int]], jobs: Sequence[tuple[str, int]]
    ) -> int:
        """Let others have at once what `owner` holds of these steps and runs, each under its fence.

        No try is used up. Answers how many were given back.
        """
        ...

    async def sweep(self) -> Swept:
        """Take back what expired leases hold, and say whether anything is due."""
        ...


class Replies(Protocol):
    """Model replies kept by the hash of their prompt, so that a repeated planning pays nothing twice."""

    async def get(self, key: str) -> Mapping[str, Any] | None:
        """The stored reply."""
        ...

    async def put(self, key: str, reply: Mapping[str, Any], *, run_id: str | None) -> None:
        """Keep a reply."""
        ...


class PlanningBudget(Protocol):
    """Money and tokens as planning spends them: those of a run and of the key it came with.

    For a plan without a run `run_id` is the pool of the key that pays (`key:<id>`).
    """

    async def reserve(self, run_id: str, *, usd: Decimal, tokens: int) -> None:
        """Before a model call; waits a while for money that calls in flight hold. Raises `BudgetTooSmall`."""
        ...

    async def settle(
        self,
        run_id: str,
        *,
        reserved_usd: Decimal,
        reserved_tokens: int,
        usd: Decimal,
        tokens: int,
        gpu_seconds: float = 0.0,
    ) -> None:
        """After it: give back the reservation and charge what it took."""
        ...


# --- signals ------------------------------------------------------------------------------------


class Doorbell(Protocol):
    """Wakes whoever does the work. A lost or a doubled bell is harmless: the row is the truth."""

    def ring(self) -> None:
        """There is something to claim. Never raises, never blocks for long; callable from any thread."""
        ...


class Signals(Protocol):
    """Tells followers that a run has new events. A lost signal only makes them later."""

    def publish(self, run_ids: Sequence[str]) -> None:
        """Callable from any thread; never raises."""
        ...

    def listen(self, told: Callable[[Sequence[str]], None]) -> None:
        """From now on call `told` with all that is published, on any thread, and with nothing after a gap."""
        ...

    async def wait(self, run_id: str, *, timeout: float) -> None:
        """Until something is published for the run, or `timeout` seconds have passed."""
        ...


class Clock(Protocol):
    """The time, for tests to set."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...
