"""What differs between two runs, and between a run and its quote."""

from __future__ import annotations

from orchestrator.api.schemas.fields import Json, Money, Told
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus


class TwoOut(Told):
    """A value in one run and in the other."""

    one: Json
    other: Json


class TwoMoneyOut(Told):
    """USD in one run and in the other."""

    one: Money
    other: Money


class TwoSecondsOut(Told):
    """Seconds from acceptance to the end; null while a run goes on."""

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


class RunDiffOut(Told):
    """Two runs, by what differs; cost, time and status are there always."""

    request: TwoOut | None
    inputs: dict[str, TwoOut]
    plan: PlanDiffOut
    path: dict[str, TwoOut]
    outputs: dict[str, TwoOut]
    usd: TwoMoneyOut
    seconds: TwoSecondsOut
    status: TwoStatusOut


class MoneyMetOut(Told):
    """USD as quoted and as it came."""

    predicted: Money
    actual: Money


class FigureMetOut(Told):
    """A figure as quoted and as it came; null while there is none."""

    predicted: float
    actual: float | None


class StepMetOut(Told):
    """What a step took."""

    subtask: str
    tool: str
    usd: Money
    seconds: float
    quality: float | None
    status: StepStatus


class QuoteDiffOut(Told):
    """A run against its quote; quality is the product of the judged qualities."""

    usd: MoneyMetOut
    tool_seconds: FigureMetOut
    wall_seconds: FigureMetOut
    quality: FigureMetOut
    steps: list[StepMetOut]
