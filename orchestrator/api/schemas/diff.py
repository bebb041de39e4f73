"""What differs between two runs, and between a run and its quote."""

from __future__ import annotations

from orchestrator.api.schemas.fields import Json, Money, Told
from orchestrator.api.schemas.plan import EstimateOut
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus, VerdictSource
from orchestrator.runs.why import ReasonCode, Side


class TwoOut(Told):
    """A value in one run and in the other."""

    one: Json
    other: Json


class TwoMoneyOut(Told):
    """USD in one run and in the other."""

    one: Money
    other: Money


class TwoFiguresOut(Told):
    """A figure in one run and in the other; null while there is none."""

    one: float | None
    other: float | None


class TwoStatusOut(Told):
    """Where each of the two runs stands."""

    one: RunStatus
    other: RunStatus


class PlanDiffOut(Told):
    """Sub-tasks that the other run has more or less, and those that differ, by id."""

    added: list[str]
    removed: list[str]
    changed: dict[str, TwoOut]


class CallMadeOut(Told):
    """A call with its arguments as planned or edited; references stand as they are."""

    tool: str
    arguments: dict[str, Json]


class DoneOut(Told):
    """How a run did a sub-task: the calls of its newest path, and what all tries at it took."""

    goal: str
    calls: list[CallMadeOut]
    #: Of the option, when it was planned; null while none is chosen.
    believed: EstimateOut | None
    #: Of its last call; null while there is no step.
    status: StepStatus | None
    usd: Money
    seconds: float
    #: The product of what was judged; null where nothing was.
    quality: float | None
    judged_by: VerdictSource | None
    attempts: int


class ReasonOut(Told):
    """A fact that led to another choice, and which run it speaks of."""

    code: ReasonCode
    side: Side
    text: str


class SubTaskDiffOut(Told):
    """A sub-task in one run and in the other, null where its plan has none such; `why` other tools did it."""

    id: str
    one: DoneOut | None
    other: DoneOut | None
    why: list[ReasonOut]


class RunDiffOut(Told):
    """Two runs: what differs of their requests, plans, paths and outputs; their figures and sub-tasks always.

    `seconds` count from acceptance to the end, `tool_seconds` are summed over the calls.
    """

    request: TwoOut | None
    inputs: dict[str, TwoOut]
    #: Preference, budget, tools and so on, by the field's name.
    settings: dict[str, TwoOut]
    plan: PlanDiffOut
    path: dict[str, TwoOut]
    outputs: dict[str, TwoOut]
    usd: TwoMoneyOut
    seconds: TwoFiguresOut
    tool_seconds: TwoFiguresOut
    quality: TwoFiguresOut
    status: TwoStatusOut
    subtasks: list[SubTaskDiffOut]


class MoneyMetOut(Told):
    """USD as quoted and as it came."""

    predicted: Money
    actual: Money


class FigureMetOut(Told):
    """A figure as quoted and as it came; null while there is none."""

    predicted: float
    actual: float | None


class QuotedOut(Told):
    """The tools that were quoted for a sub-task, and what was believed of them."""

    tools: list[str]
    believed: EstimateOut


class SubTaskMetOut(Told):
    """A sub-task as quoted and as it was done; `why` other tools did it than were quoted."""

    id: str
    quoted: QuotedOut | None
    taken: DoneOut | None
    why: list[ReasonOut]


class QuoteDiffOut(Told):
    """A run against the quote of its plan; quality is the product of the judged qualities."""

    usd: MoneyMetOut
    tool_seconds: FigureMetOut
    wall_seconds: FigureMetOut
    quality: FigureMetOut
    subtasks: list[SubTaskMetOut]
