"""What people think of a run that has ended, and of what its steps yielded."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.feedback import Said
from orchestrator.domain.run import Run, run_ended
from orchestrator.domain.step import Step, StepId, StepStatus
from orchestrator.domain.undo import Undoing
from orchestrator.errors import Conflict, FieldProblem, Invalid
from orchestrator.ports import Store, Transaction
from orchestrator.runs.edits import nearest


async def give_feedback(
    run_id: str,
    whole: Said | None,
    of_steps: Sequence[tuple[str, Said]],
    *,
    by: str | None,
    store: Store,
) -> None:
    """Take down what the key `by` says of the whole run and of steps: all of it, or nothing.

    A step is named by its key, its number, or the sub-task whose output it made. What that key said
    before of the same is replaced. Raises `NotFound`, `Conflict`, `Invalid`.
    """
    view = await store.view(run_id)
    _must_be_over(view.run)
    found = [_judged(view.steps, name, at=number) for number, (name, _) in enumerate(of_steps)]
    problems = [one for one in found if isinstance(one, FieldProblem)]
    ids = [step.id for step in found if isinstance(step, Step)]
    for number, id in enumerate(ids):
        if not problems and id in ids[:number]:
            problems.append(FieldProblem(f"/steps/{number}/step", "the same step is named twice"))
    if problems:
        raise Invalid("The verdicts do not fit the run.", problems=problems)
    said = [(id, verdict) for id, (_, verdict) in zip(ids, of_steps, strict=True)]
    await store.write(lambda tx: _say(tx, run_id, whole, said, by))


def _say(
    tx: Transaction,
    run_id: str,
    whole: Said | None,
    of_steps: Sequence[tuple[StepId, Said]],
    by: str | None,
) -> None:
    _must_be_over(tx.run(run_id))
    if whole is not None:
        tx.say(run_id, None, whole, by=by)
    for step, said in of_steps:
        tx.say(run_id, step, said, by=by)


def _must_be_over(run: Run) -> None:
    """Its stream of events has ended then, and ends again behind what is said."""
    if not run_ended(run.status):
        raise Conflict(f"run {run.id} is {run.status}; it can be judged once it has ended")
    if run.undoing in (Undoing.RUNNING, Undoing.NEEDS_INPUT):
        raise Conflict(f"what run {run.id} did is being undone; it can be judged once that has ended")


def _judged(steps: Sequence[Step], name: str, *, at: int) -> Step | FieldProblem:
    """The step of that number or key, or the one that made that sub-task's output, on the newest path."""
    path = f"/steps/{at}/step"
    numbered = [step for step in steps if name == str(step.id.idx)]
    named = numbered or [step for step in steps if name in (step.key, step.subtask)]
    found = max(named, key=lambda step: (step.path_version, step.part), default=None)
    if found is None:
        known = dict.fromkeys(one for step in steps for one in (step.subtask, step.key))
        return FieldProblem(path, f"there is no step {name!r}; {nearest(name, list(known))}")
    if found.status not in (StepStatus.SUCCEEDED, StepStatus.LOW_QUALITY) or found.output is None:
        return FieldProblem(path, f"step {found.key!r} is {found.status}: it has no output to be judged")
    return found
