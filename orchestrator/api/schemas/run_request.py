"""The body of a run: words or a graph, with preferences and limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Usd
from orchestrator.domain.approval import ApprovalRule, Patience
from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.run import RunRequest, ToolFilter
from tools.spec import Effect

_WORDS = 20_000
_SHORT = 200
#: A budget in whole nano-dollars must fit into eight bytes.
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Label = Annotated[str, Field(min_length=1, max_length=_SHORT)]
Value = Annotated[str, Field(max_length=_SHORT)]


class CostIn(Asked):
    """What one dollar and one tool-second weigh in the cost of a path."""

    usd: Annotated[float, Field(ge=0)] = 1.0
    second: Annotated[float, Field(ge=0)] = 0.0005


class PreferenceIn(Asked):
    """How cost weighs against quality: alpha 0 looks at quality alone, 2 at cost alone."""

    alpha: Annotated[float, Field(ge=0, le=2)] = 1.0
    cost: CostIn = Field(default_factory=CostIn)
    risk: Literal["mean", "conservative"] = "mean"

    def value(self) -> Preference:
        """As the domain has it."""
        return Preference(self.alpha, self.cost.usd, self.cost.second, self.risk)


class BudgetIn(Asked):
    """Hard limits of one run: money, seconds of wall clock, model tokens, quality of the path."""

    usd: Usd | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    tokens: Annotated[int, Field(ge=0, le=2**53)] | None = None
    min_quality: Annotated[float, Field(ge=0, le=1)] | None = None

    def value(self) -> Budget:
        """As the domain has it."""
        return Budget(self.usd, self.seconds, self.tokens, self.min_quality)


class ToolFilterIn(Asked):
    """Tools by name or by `tag:…`; an empty include means all."""

    include: Annotated[list[Label], Field(max_length=1_000)] = Field(default_factory=list)
    exclude: Annotated[list[Label], Field(max_length=1_000)] = Field(default_factory=list)

    def value(self) -> ToolFilter:
        """As the domain has it."""
        return ToolFilter(tuple(self.include), tuple(self.exclude))


class ApprovalIn(Asked):
    """Calls that wait for a person's word: those for which all that is named here holds.

    `tool` is a name or a pattern such as `send_*`; `usd_over` is compared with the most that one call can
    cost. After `timeout` seconds `default` is the answer.
    """

    tool: Label | None = None
    effect: Effect | None = None
    usd_over: Usd | None = None
    timeout: Seconds | None = None
    default: Literal["approve", "reject"] | None = None

    def value(self) -> ApprovalRule:
        """As the domain has it."""
        return ApprovalRule(self.tool, self.effect, self.usd_over, self.timeout, self.default)


class GivenSubTask(Asked):
    """A sub-task of a graph that a program gives; without a tool any that fits is taken.

    `deadline` is the seconds a call of it may take from its first readiness to its end, over all tries.
    """

    id: Label
    goal: Annotated[str, Field(min_length=1, max_length=_WORDS)] | None = None
    tool: Label | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    needs: list[str] = Field(default_factory=list)
    deadline: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class GivenPlan(Asked):
    """A graph of sub-tasks; `{"ref": "a.result"}` stands for an output of another one."""

    subtasks: Annotated[list[GivenSubTask], Field(min_length=1, max_length=2_000)]


class RunIn(Asked):
    """A run to do: `request` in plain words, or a `plan` of one's own; never both."""

    request: Annotated[str, Field(max_length=_WORDS)] | None = None
    plan: GivenPlan | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    preference: PreferenceIn = Field(default_factory=PreferenceIn)
    budget: BudgetIn = Field(default_factory=BudgetIn)
    step_gate: Annotated[float, Field(ge=0, le=1)] = 0.5
    tools: ToolFilterIn = Field(default_factory=ToolFilterIn)
    mode: Literal["auto", "plan", "approve"] = "auto"
    planner: Literal["auto", "llm", "offline"] = "auto"
    webhook_url: Annotated[str, Field(max_length=2_000)] | None = None
    labels: Annotated[dict[Label, Annotated[str, Field(max_length=_SHORT)]], Field(max_length=50)] = Field(
        default_factory=dict
    )
    approve: Annotated[list[ApprovalIn], Field(max_length=50)] = Field(default_factory=list)
    #: How long approvals that say nothing of their own are open, and what then stands.
    approval_timeout: Seconds | None = None
    approval_default: Literal["approve", "reject"] | None = None
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    seed: Annotated[int, Field(ge=0, le=2**53)] | None = None
    #: Whether results that tools let be used again are taken and kept, only kept, or neither.
    cache: Literal["use", "refresh", "off"] = "use"
    #: Whether the effects of a run that fails or is cancelled stay, or are undone.
    on_failure: Literal["keep", "undo"] = "keep"

    def value(self) -> RunRequest:
        """As the domain has it."""
        return RunRequest(
            request=self.request,
            plan=None if self.plan is None else self.plan.model_dump(mode="json", exclude_none=True),
            inputs=self.inputs,
            preference=self.preference.value(),
            budget=self.budget.value(),
            step_gate=self.step_gate,
            tools=self.tools.value(),
            mode=self.mode,
            planner=self.planner,
            webhook_url=self.webhook_url,
            labels=self.labels,
            approve=tuple(rule.value() for rule in self.approve),
            patience=Patience(self.approval_timeout, self.approval_default),
            priority=self.priority,
            seed=self.seed,
            cache=self.cache,
            on_failure=self.on_failure,
        )
