"""Undoing: taking back, with the tools that tools name for it, what a run that failed has done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orchestrator.domain.step import Step, StepId, StepStatus
from tools.spec import Effect, Tool


class Undoing(StrEnum):
    """Where the undoing of a run's effects stands."""

    #: It is to be done if the run fails or is cancelled.
    WANTED = "wanted"
    RUNNING = "running"
    #: An undo has failed; a person says how to go on.
    NEEDS_INPUT = "needs_input"
    #: Every effect was undone, or a person has spoken on it.
    DONE = "done"


class UndoStatus(StrEnum):
    """What became of one undo."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: A person is asked.
    FAILED = "failed"
    #: A person has undone it by hand.
    BY_HAND = "by_hand"
    #: A person lets the effect stand.
    LEFT = "left"
    #: The call itself was cut off, so nobody knows whether there is an effect; nothing is called.
    UNKNOWN = "unknown"


#: After these the step's effect is gone.
TAKEN_BACK = frozenset({UndoStatus.SUCCEEDED, UndoStatus.BY_HAND})
#: Errors after which a call may have taken effect all the same.
_CUT_OFF = frozenset({"timed_out", "deadline_exceeded", "worker_lost"})


@dataclass(frozen=True, slots=True)
class Undo:
    """The call that takes back step `step` as it was in its `revision`; `position` orders them."""

    step: StepId
    revision: int
    position: int
    tool: str
    tool_version: int
    status: UndoStatus = UndoStatus.PENDING
    arguments: Mapping[str, Any] | None = None
    tries: int = 0
    output: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    usd: Decimal = Decimal(0)
    started_at: float | None = None
    finished_at: float | None = None


def undoable(tool: Tool) -> bool:
    """Whether a call of it leaves something behind that another tool takes back."""
    return tool.undo is not None and tool.effect is not Effect.READ


def effect_of(step: Step) -> bool | None:
    """Whether a step of an undoable tool took effect; None when nobody knows."""
    if step.status in (StepStatus.SUCCEEDED, StepStatus.LOW_QUALITY):
        return True
    if step.status in (StepStatus.CANCELLED, StepStatus.POISONED):
        return None if step.started_at is not None else False
    failed_late = step.status is StepStatus.FAILED and (step.error or {}).get("code") in _CUT_OFF
    return None if failed_late else False


def newest_first(steps: Sequence[Step]) -> list[Step]:
    """The reverse of the order in which they ended."""
    return sorted(steps, key=lambda step: (step.finished_at or 0.0, step.id.idx), reverse=True)


def undo_arguments(undo: Tool, *, output: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the undo tool is called with: its fields by name, from the output, then from the arguments."""
    fields = undo.input_schema.get("properties", {})
    known = {**arguments, **output}
    return {name: known[name] for name in fields if name in known}


def unfilled(tool: Tool, undo: Tool) -> list[str]:
    """Required arguments of the undo tool that neither the output nor the arguments of `tool` name."""
    known = {*tool.output_schema.get("properties", {}), *tool.input_schema.get("properties", {})}
    return [name for name in undo.input_schema.get("required", ()) if name not in known]
