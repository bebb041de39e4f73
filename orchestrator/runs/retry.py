"""Running again what failed, or one step and all that follows from it; finished work is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.domain.plan import is_ref
from orchestrator.domain.run import Job, Run, RunStatus, run_ended
from orchestrator.domain.step import Step, StepStatus, step_open
from orchestrator.domain.undo import TAKEN_BACK, Undoing
from orchestrator.errors import Conflict, FieldProblem, Invalid
from orchestrator.ports import Catalog, Doorbell, Store, Transaction
from tools.schemas import Schema
from tools.spec import Tool


async def retry(
    run_id: str,
    *,
    store: Store,
    catalog: Catalog,
    doorbell: Doorbell,
    from_step: str | None = None,
    edits: Mapping[str, Any] | None = None,
) -> None:
    """Reopen a run that has ended: what failed, or `from_step` (with edited arguments) and what follows.

    `from_step` is a sub-task's id, a step's key or its number. Raises `NotFound`, `Conflict`, `Invalid`.
    """
    if edits and from_step is None:
        raise Invalid("Edits need the step they are for.", problems=[FieldProblem("/from_step", "name it")])
    if from_step is not None:
        view = await store.view(run_id)
        step = _named(view.steps, from_step, newest=view.run.path_version)
        if edits:
            check_edits(await catalog.pinned(step.tool, step.tool_version), edits)
        idx = step.id.idx
        await store.write(lambda tx: retry_from(tx, run_id, idx, edits or {}))
    else:
        await store.write(lambda tx: retry_failed(tx, run_id))
    doorbell.ring()


def _named(steps: Sequence[Step], name: str, *, newest: int) -> Step:
    """The first call of the sub-task as the newest path has it, or the step of that key or number."""
    of_subtask = [step for step in steps if step.subtask == name and step.status is not StepStatus.SKIPPED]
    if of_subtask:
        last = max(step.path_version for step in of_subtask)
        return next(step for step in of_subtask if step.path_version == last)
    for step in steps:
        if name in (step.key, str(step.id.idx)):
            return step
    known = ", ".join(dict.fromkeys(step.subtask for step in steps)) or "none yet"
    detail = f"there is no step {name!r}; the steps of path {newest} are: {known}"
    raise Invalid("There is no such step.", problems=[FieldProblem("/from_step", detail)])


def check_edits(tool: Tool, edits: Mapping[str, Any]) -> None:
    """Raises `Invalid` for an argument that the tool does not take, or a value that does not fit it."""
    fields = tool.input_schema.get("properties", {})
    problems = []
    for name, value in edits.items():
        if name not in fields:
            detail = f"{tool.name} takes no argument {name!r}; it takes {', '.join(fields) or 'none'}"
            problems.append(FieldProblem(f"/edits/{name}", detail))
        elif not is_ref(value):
            faults = Schema(fields[name]).faults(value)
            problems += [FieldProblem(f"/edits/{name}{at}", detail) for at, detail in faults]
    if problems:
        raise Invalid("The edits do not fit the tool.", problems=problems)


def retry_failed(tx: Transaction, run_id: str) -> None:
    """Take up all that has not succeeded. Raises `NotFound`, `Conflict`."""
    run = _reopenable(tx, run_id)
    steps = tx.steps(run_id)
    current = _current(tx, run, steps)
    undone = _undone(tx, run_id, steps)
    again = [step for step in current if step.id.idx in undone or not _done(step, steps)]
    if not again and run.status is RunStatus.SUCCEEDED:
        raise Conflict(f"run {run_id} succeeded; name a step in from_step to run it and what follows again")
    if not again:
        tx.move_run(run_id, RunStatus.PLANNING, job=Job.PLAN)
        return
    tx.move_run(run_id, RunStatus.RUNNING)
    _reopen(tx, steps, {step.id.idx for step in again})


def retry_from(
    tx: Transaction,
    run_id: str,
    idx: int,
    edits: Mapping[str, Any],
    *,
    same_calls: frozenset[int] = frozenset(),
) -> None:
    """Take up a step and all that follows from it; `same_calls` keep the idempotency key they had."""
    run = _reopenable(tx, run_id)
    steps = tx.steps(run_id)
    current = _current(tx, run, steps)
    again = _descendants(steps, idx) & {step.id.idx for step in current}
    if idx not in again:
        raise Conflict(f"step {idx} belongs to an earlier path of run {run_id}; name one of the newest path")
    # What failed or was cancelled elsewhere must run too, or the run could never succeed.
    again |= {step.id.idx for step in current if not _done(step, steps)}
    again |= _undone(tx, run_id, steps) & {step.id.idx for step in current}
    tx.move_run(run_id, RunStatus.RUNNING)
    _reopen(tx, steps, again, edited=idx, edits=edits, same_calls=same_calls)


def _reopenable(tx: Transaction, run_id: str) -> Run:
    """The run, with its deadline counted anew from now."""
    run = tx.run(run_id)
    if not run_ended(run.status):
        raise Conflict(f"run {run_id} is {run.status}; only a run that has ended can be retried")
    if run.undoing in (Undoing.RUNNING, Undoing.NEEDS_INPUT):
        how = "being undone" if run.undoing is Undoing.RUNNING else "undone in part, and a question is open"
        raise Conflict(f"what run {run_id} did is {how}; it can be retried once that has ended")
    if run.request.budget.seconds is not None:
        tx.update_run(run_id, deadline_at=tx.now + run.request.budget.seconds)
    return run


def _current(tx: Transaction, run: Run, steps: Iterable[Step]) -> list[Step]:
    """The steps of the newest path; those of earlier paths that it replaced are left out."""
    path = tx.path(run.id)
    if run.plan_id is None or path is None:
        return []
    plan = tx.plan(run.plan_id).plan
    parts = {
        subtask.id: len(option.calls)
        for subtask in plan.subtasks
        for option in subtask.options
        if path.choices.get(subtask.id) == option.id
    }
    newest: dict[tuple[str, int], Step] = {}
    for step in sorted(steps, key=lambda step: (step.path_version, step.id.idx)):
        if step.part < parts.get(step.subtask, 0):
            newest[(step.subtask, step.part)] = step
    return list(newest.values())


def _undone(tx: Transaction, run_id: str, steps: Sequence[Step]) -> set[int]:
    """Steps whose effect was taken back, with all that they feed: they must run again."""
    gone = {
        undo.step.idx
        for undo in tx.undos(run_id)
        if undo.status in TAKEN_BACK and undo.revision == steps[undo.step.idx].revision
    }
    return {idx for root in gone for idx in _descendants(steps, root)}


def _done(step: Step, steps: Sequence[Step]) -> bool:
    """Succeeded; or of low quality, but accepted: what it feeds has run."""
    if step.status is StepStatus.LOW_QUALITY:
        fed = {steps[idx].status for idx in step.children if idx < len(steps)}
        return bool(fed) and fed <= {StepStatus.SUCCEEDED, StepStatus.LOW_QUALITY}
    return step.status is StepStatus.SUCCEEDED


def _descendants(steps: Sequence[Step], idx: int) -> set[int]:
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


def _reopen(
    tx: Transaction,
    steps: Sequence[Step],
    again: set[int],
    *,
    edited: int | None = None,
    edits: Mapping[str, Any] | None = None,
    same_calls: frozenset[int] = frozenset(),
) -> None:
    for step in steps:
        if step.id.idx not in again or step_open(step.status):
            continue
        left = sum(1 for need in step.needs if need in again)
        fields: dict[str, Any] = {
            "needs_left": left,
            "cause": None,
            "error": None,
            "run_at": None,
            "tries": 0,
            "deaths": 0,
        }
        if step.id.idx == edited and edits:
            fields["arguments"] = {**step.arguments, **edits}
        # Another revision makes another idempotency key: the call is meant to be made anew.
        fields["revision"] = step.revision + (step.id.idx not in same_calls)
        if left:
            tx.move_step(step.id, StepStatus.PENDING, **fields)
        else:
            tx.move_step(step.id, StepStatus.READY, **(fields | {"run_at": tx.now}))
