"""Plans, paths and quotes as answers, and what may be asked of a plan."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Json, Moment, Money, Told
from orchestrator.api.schemas.run_request import BudgetIn, PreferenceIn
from orchestrator.domain.path import Path, Quote
from orchestrator.domain.plan import Option, Plan, SubTask
from orchestrator.domain.views import StoredPlan


class QuoteOut(Told):
    """What a path is believed to take; `tool_seconds` are summed over steps, `wall_seconds` the clock's."""

    usd: Money
    tool_seconds: float
    wall_seconds: float
    quality: float
    risk: dict[str, Json]

    @classmethod
    def of(cls, quote: Quote) -> QuoteOut:
        """Of the domain's value."""
        return cls(
            usd=quote.usd,
            tool_seconds=quote.tool_seconds,
            wall_seconds=quote.wall_seconds,
            quality=quote.quality,
            risk=dict(quote.risk),
        )


class PathOut(Told):
    """The chosen option of each sub-task; a gap of 0 means proven best under the beliefs used."""

    version: int
    choices: dict[str, str]
    quote: QuoteOut
    objective: float
    gap: float
    stats: dict[str, Json]

    @classmethod
    def of(cls, path: Path) -> PathOut:
        """Of the domain's value."""
        return cls(
            version=path.version,
            choices=dict(path.choices),
            quote=QuoteOut.of(path.quote),
            objective=path.objective,
            gap=path.gap,
            stats=dict(path.stats),
        )


class CallOut(Told):
    """A tool call of an option, pinned to a version."""

    tool: str
    version: int
    arguments: dict[str, Json]


class EstimateOut(Told):
    """Believed money, tool-seconds and quality, with the observations behind them."""

    usd: Money
    seconds: float
    quality: float
    n: float


class OptionOut(Told):
    """One way to do a sub-task."""

    id: str
    calls: list[CallOut]
    estimate: EstimateOut

    @classmethod
    def of(cls, option: Option) -> OptionOut:
        """Of the domain's value."""
        estimate = option.estimate
        return cls(
            id=option.id,
            calls=[
                CallOut(tool=call.tool, version=call.version, arguments=dict(call.arguments))
                for call in option.calls
            ],
            estimate=EstimateOut(
                usd=estimate.usd, seconds=estimate.seconds, quality=estimate.quality, n=estimate.n
            ),
        )


class SubTaskOut(Told):
    """A planned piece of the request; `status` follows from its steps and is null before there are any."""

    id: str
    goal: str
    type: str
    words: str
    needs: list[str]
    deadline: float | None
    options: list[OptionOut]
    status: str | None = None

    @classmethod
    def of(cls, subtask: SubTask, status: str | None = None) -> SubTaskOut:
        """Of the domain's value."""
        return cls(
            id=subtask.id,
            goal=subtask.goal,
            type=subtask.type,
            words=subtask.words,
            needs=list(subtask.needs),
            deadline=subtask.deadline,
            options=[OptionOut.of(option) for option in subtask.options],
            status=status,
        )


class CheckOut(Told):
    """A check of the plan and its result."""

    name: str
    passed: bool
    detail: str


class PlanOut(Told):
    """A plan with all its options."""

    id: str
    source: str
    request: str
    quality: float
    subtasks: list[SubTaskOut]
    checks: list[CheckOut]
    notes: list[str]

    @classmethod
    def of(cls, plan: Plan, statuses: dict[str, str] | None = None) -> PlanOut:
        """Of the domain's value; `statuses` by sub-task where a run has come of it."""
        told = statuses or {}
        return cls(
            id=plan.id,
            source=plan.source,
            request=plan.request,
            quality=plan.quality,
            subtasks=[SubTaskOut.of(subtask, told.get(subtask.id)) for subtask in plan.subtasks],
            checks=[CheckOut(name=c.name, passed=c.passed, detail=c.detail) for c in plan.checks],
            notes=list(plan.notes),
        )


class StoredPlanOut(Told):
    """A plan with its path and quote, and why that path was chosen."""

    plan: PlanOut
    path: PathOut | None
    quote: QuoteOut | None
    explain: dict[str, Json] | None = None
    parent: str | None = None
    created_at: Moment

    @classmethod
    def of(cls, stored: StoredPlan, explain: dict[str, Any] | None = None) -> StoredPlanOut:
        """Of the stored plan."""
        return cls(
            plan=PlanOut.of(stored.plan),
            path=None if stored.path is None else PathOut.of(stored.path),
            quote=None if stored.path is None else QuoteOut.of(stored.path.quote),
            explain=explain,
            parent=stored.parent,
            created_at=stored.created_at,
        )


class QuoteAsked(Asked):
    """Another preference or other limits for the same plan; what is left out stays as it was."""

    preference: PreferenceIn | None = None
    budget: BudgetIn | None = None


class RequoteOut(Told):
    """The best path under another preference, with its quote and the front it was taken from."""

    path: PathOut
    quote: QuoteOut
    front: list[dict[str, Json]]
    explain: dict[str, Json]


class EditsIn(Asked):
    """Edits of a plan, applied in order: each is an object with an `op` and its fields."""

    edits: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=200)]


class RunPlanIn(Asked):
    """How to run a stored plan."""

    labels: dict[str, str] = Field(default_factory=dict)
