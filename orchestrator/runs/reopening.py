"""Taking up steps again: what they keep of their results, and what is asked before they are called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from orchestrator.domain.approval import asked
from orchestrator.domain.run import Run
from orchestrator.domain.step import Step, StepStatus, step_open
from orchestrator.execution.scheduler import approval_of, worst_usd
from orchestrator.ports import Transaction
from tools.spec import Effect, Tool

#: Ended without a word of its own about what an earlier go has left.
_CUT_SHORT = frozenset({StepStatus.CANCELLED, StepStatus.SKIPPED})
_REPEATED = "it has been called before, and is never called again without a person's word"


def descendants(steps: Sequence[Step], idx: int) -> set[int]:
    """`idx` and every step that is fed by it, near or far."""
    children = {step.id.idx: step.children for step in steps}
    found: set[int] = set()
    todo = [idx]
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += children.get(here, ())
    return found


def reopen(
    tx: Transaction,
    run: Run,
    steps: Sequence[Step],
    again: Collection[int],
    *,
    afresh: Collection[int],
    same_calls: Collection[int] = (),
) -> None:
    """Make the steps `again` ready, or pending where others of them feed them.

    Each keeps its result, which stands for the call if the call turns out to be the same, but for
    those `afresh`: they are called in any case, and to call them repeats nothing against anybody's
    will. `same_calls` keep the idempotency key they had, and the approval.
    """
    tools: dict[tuple[str, int], Tool] = {}
    for step in steps:
        if step.id.idx not in again or step_open(step.status):
            continue
        pin = (step.tool, step.tool_version)
        tool = tools[pin] = tools.get(pin) or tx.tool(*pin)
        fields = _fields(step, again)
        fields["worst_usd"] = worst_usd(tool)
        fields["result_key"] = None if step.id.idx in afresh else _still_kept(step)
        if step.id.idx not in same_calls:
            # Another revision makes another idempotency key: the call is meant to be made anew.
            fields["revision"] = step.revision + 1
            repeats = step.id.idx not in afresh and _was_called(step)
            fields["approval"] = _asked(run, tool, repeats=repeats)
        if fields["needs_left"]:
            tx.move_step(step.id, StepStatus.PENDING, **fields)
        else:
            tx.move_step(step.id, StepStatus.READY, **(fields | {"run_at": tx.now}))


def _fields(step: Step, again: Collection[int]) -> dict[str, Any]:
    return {
        "needs_left": sum(1 for need in step.needs if need in again),
        "cause": None,
        "error": None,
        "run_at": None,
        "tries": 0,
        "deaths": 0,
    }


def _still_kept(step: Step) -> str | None:
    """The key of the result, if the output is still that one.

    Version 0.1 records outputs without their key, under a fence of their own.
    """
    if step.result_key is None or step.output is None:
        return None
    mine = step.status is StepStatus.SUCCEEDED and step.result_key.endswith(f"@{step.fence}")
    return step.result_key if mine or step.status in _CUT_SHORT else None


def _was_called(step: Step) -> bool:
    """Whether it has had an effect, or may have had one that nobody was told of."""
    return step.status is StepStatus.SUCCEEDED or (
        step.status is StepStatus.CANCELLED and step.started_at is not None
    )


def _asked(run: Run, tool: Tool, *, repeats: bool) -> dict[str, Any] | None:
    if tool.effect is Effect.ONCE and repeats:
        return asked(_REPEATED, tool)
    return approval_of(run, tool)
