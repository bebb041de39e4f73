"""What a run has done already costs nothing when a later plan of it asks for the same."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from orchestrator.domain.plan import Option, Plan, SubTask, resolve_inputs
from orchestrator.domain.planning import FinishedCall, canonical


def without_finished(plan: Plan, finished: AbstractSet[FinishedCall], inputs: Mapping[str, Any]) -> Plan:
    """The plan to search: options whose every call has succeeded take neither money nor time any more."""
    if not finished:
        return plan

    def left(subtask: SubTask, option: Option) -> Option:
        calls = {
            FinishedCall(
                subtask.id, part, call.tool, call.version, canonical(resolve_inputs(call.arguments, inputs))
            )
            for part, call in enumerate(option.calls)
        }
        if not calls <= finished:
            return option
        return replace(option, estimate=replace(option.estimate, usd=0.0, seconds=0.0))

    subtasks = tuple(
        replace(subtask, options=tuple(left(subtask, option) for option in subtask.options))
        for subtask in plan.subtasks
    )
    return replace(plan, subtasks=subtasks)
