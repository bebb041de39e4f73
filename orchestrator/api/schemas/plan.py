"""Plans, paths and quotes as answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from orchestrator.api.schemas.fields import Json, Moment, Money, Told
from orchestrator.api.schemas.terms import BudgetOut, PreferenceOut, ToolFilterOut
from orchestrator.domain.budget import Risk
from orchestrator.domain.path import Path, Quote
from orchestrator.domain.plan import Option, Plan, PlanSource, SubTask
from orchestrator.domain.step import StepStatus
from orchestrator.domain.views import StoredPlan
from orchestrator.runs.plans import Requote


class RiskyOut(Told):
    """A chosen call of which little is known or much is doubted."""

    subtask: str
    option: str
    why: str


class RiskOut(Told):
    """Whether the figures are means or what a careful reader counts on, and the risky calls."""

    figures: Risk = "mean"
    risky: list[RiskyOut] = Field(default_factory=list)


class SearchStatsOut(Told):
    """What the search did; `gear` says how it searched."""

    gear: str = ""
    generated: int = 0
    expanded: int = 0
    dominated: int = 0
    cut: int = 0
    milliseconds: float = 0.0


class QuoteOut(Told):
    """What a path is believed to take; `tool_seconds` are summed over steps, `wall_seconds` the clock's."""

    usd: Money
    tool_seconds: float
    wall_seconds: float
    quality: float
    risk: RiskOut

    @classmethod
    def of(cls, quote: Quote) -> QuoteOut:
        """Of the domain's value."""
        return cls(
            usd=quote.usd,
            tool_seconds=quote.tool_seconds,
            wall_seconds=quote.wall_seconds,
            quality=quote.quality,
            risk=RiskOut.model_validate(quote.risk),
        )


class PathOut(Told):
    """The chosen option of each sub-task; a gap of 0 means proven best under the beliefs used."""

    version: int
    choices: dict[str, str]
    quote: QuoteOut
    objective: float
    gap: float
    stats: SearchStatsOut

    @classmethod
    def of(cls, path: Path) -> PathOut:
        """Of the domain's value."""
        return cls(
            version=path.version,
            choices=dict(path.choices),
            quote=QuoteOut.of(path.quote),
            objective=path.objective,
            gap=path.gap,
            stats=SearchStatsOut.model_validate(path.stats),
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
    status: StepStatus | None = None

    @classmethod
    def of(cls, subtask: SubTask, status: StepStatus | None = None) -> SubTaskOut:
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
    source: PlanSource
    request: str
    quality: float
    subtasks: list[SubTaskOut]
    checks: list[CheckOut]
    notes: list[str]

    @classmethod
    def of(cls, plan: Plan, statuses: dict[str, StepStatus] | None = None) -> PlanOut:
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


class FiguresOut(Told):
    """A path as the search found it, with what it is believed to take."""

    choices: dict[str, str]
    plan: str
    usd: Money
    tool_seconds: float
    wall_seconds: float
    quality: float
    objective: float
    gap: float


class OfferOut(Told):
    """An option as it entered the search; `ruled_out` were tried and failed."""

    id: str
    tools: list[str]
    usd: Money
    seconds: float
    quality: float
    n: float
    chosen: bool
    ruled_out: bool


class ExplainedOut(Told):
    """A sub-task with all its options."""

    id: str
    goal: str
    type: str
    options: list[OfferOut]


class AlternativeOut(Told):
    """What another alpha would have chosen; null where no path was found in time."""

    alpha: float
    path: FiguresOut | None


class ExplainOut(Told):
    """Why a path was chosen; `margin` is the share by which the runner-up's objective is worse."""

    subtasks: list[ExplainedOut]
    chosen: FiguresOut
    runner_up: FiguresOut | None
    margin: float | None
    front: list[FiguresOut]
    alternatives: list[AlternativeOut]
    stats: SearchStatsOut
    gap: float


class StoredPlanOut(Told):
    """A plan with its path and quote, and why that path was chosen."""

    plan: PlanOut
    path: PathOut | None
    quote: QuoteOut | None
    explain: ExplainOut | None = None
    parent: str | None = None
    #: The words that it was made of, null where a graph was given; the values that go in, and the terms.
    request: str | None
    inputs: dict[str, Json]
    preference: PreferenceOut
    budget: BudgetOut
    tools: ToolFilterOut
    labels: dict[str, str]
    created_at: Moment

    @classmethod
    def of(cls, stored: StoredPlan, explain: Mapping[str, Any] | None = None) -> StoredPlanOut:
        """Of the stored plan."""
        return cls(
            plan=PlanOut.of(stored.plan),
            path=None if stored.path is None else PathOut.of(stored.path),
            quote=None if stored.path is None else QuoteOut.of(stored.path.quote),
            explain=None if explain is None else ExplainOut.model_validate(explain),
            parent=stored.parent,
            request=stored.request.request,
            inputs=dict(stored.request.inputs),
            preference=PreferenceOut.of(stored.request.preference),
            budget=BudgetOut.of(stored.request.budget),
            tools=ToolFilterOut.of(stored.request.tools),
            labels=dict(stored.request.labels),
            created_at=stored.created_at,
        )


class RequoteOut(Told):
    """The best path under other terms, with its quote and the front it lies on.

    `explain` is told where it was asked for.
    """

    path: PathOut
    quote: QuoteOut
    front: list[FiguresOut]
    #: The sub-tasks of the plan, with the options that the terms leave and today's figures.
    subtasks: list[SubTaskOut]
    explain: ExplainOut | None = None

    @classmethod
    def of(cls, quoted: Requote, explain: Mapping[str, Any] | None) -> RequoteOut:
        """Of what was quoted."""
        return cls(
            path=PathOut.of(quoted.path),
            quote=QuoteOut.of(quoted.path.quote),
            front=[FiguresOut.model_validate(point) for point in quoted.front],
            subtasks=[SubTaskOut.of(subtask) for subtask in quoted.plan.subtasks],
            explain=None if explain is None else ExplainOut.model_validate(explain),
        )
