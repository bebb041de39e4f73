"""What a run or a step that does not move is waiting for: one sentence and a machine-readable reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from orchestrator.domain.question import Question
from orchestrator.domain.run import Job, Run, RunStatus
from orchestrator.domain.step import Step, StepStatus, step_open
from orchestrator.domain.undo import Undoing

_START = "start one with: toolpath worker"
#: The code of an error that says that no connection could be made (tools.errors.Unreachable).
_UNREACHABLE = "unreachable"


#: What something that does not move can be waiting for.
WaitingReason = Literal[
    "planning",
    "repair",
    "start",
    "questions",
    "paused",
    "undo",
    "steps",
    "worker",
    "no_worker",
    "backoff",
    "endpoint_down",
    "person",
    "budget",
    "limit",
    "cap",
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """`details` names the things waited for, by reason."""

    text: str
    reason: WaitingReason
    details: Mapping[str, Any] = field(default_factory=dict)


def run_waiting(
    run: Run,
    steps: Sequence[Step],
    questions: Iterable[Question],
    *,
    now: float,
    served: Collection[str] | None = None,
) -> Waiting | None:
    """None for a run that moves or has ended. `served` are the queues of live workers, where known."""
    asked = [question for question in questions if question.answered_at is None]
    match run.status:
        case RunStatus.PLANNING:
            return _for_job(run, "A plan is being made", "planning", served)
        case RunStatus.PLANNED:
            text = "The plan is ready; resume the run to start it."
            return Waiting(text, "start", {"plan": run.plan_id})
        case RunStatus.PAUSED:
            return Waiting("A person paused the run; resume it to go on.", "paused")
        case RunStatus.NEEDS_INPUT:
            return _for_answers(asked)
        case RunStatus.RUNNING:
            return _for_steps(run, steps, asked, now, served)
    return _for_undoing(run, asked)


def step_waiting(
    step: Step,
    steps: Mapping[int, Step],
    questions: Iterable[Question],
    *,
    run: Run,
    now: float,
    served: Collection[str] | None = None,
) -> Waiting | None:
    """None for a step that runs or has ended. `steps` are all of the run, by number."""
    if not step_open(step.status) or step.status is StepStatus.RUNNING:
        return None
    if run.status is RunStatus.PAUSED:
        return Waiting("Its run is paused.", "paused")
    if step.status is StepStatus.PENDING:
        return _for_needs(step, steps)
    question = next((q for q in questions if q.step_idx == step.id.idx and q.answered_at is None), None)
    if question is not None:
        return _for_person([question], "person")
    if step.status is StepStatus.WAITING and (step.run_at is None or step.run_at > now):
        return _for_cause(step)
    return _for_worker(step, served, now)


def _for_job(run: Run, doing: str, reason: WaitingReason, served: Collection[str] | None) -> Waiting:
    """A job of the run itself is under way, or waits for somebody who does it."""
    since = _moment(run.updated_at)
    details = {"job": None if run.job is None else run.job.value, "since": since}
    if run.owner is not None:
        return Waiting(f"{doing}, since {since}.", reason, details)
    what = "make the plan" if reason == "planning" else "search another path after a step failed"
    if served is not None and not served:
        return Waiting(f"No worker is alive to {what}; {_START}.", "no_worker", details)
    return Waiting(f"Waits for a free worker to {what}.", "worker", details)


def _for_undoing(run: Run, asked: Sequence[Question]) -> Waiting | None:
    """A run that has ended waits for nothing, unless what it did is being undone."""
    if run.undoing is Undoing.RUNNING:
        return Waiting("What the run did is being undone.", "undo")
    return _for_answers(asked) if run.undoing is Undoing.NEEDS_INPUT else None


def _for_answers(asked: Sequence[Question]) -> Waiting:
    if not asked:
        return Waiting("Waits for a person.", "questions", {"questions": []})
    return _for_person(asked, "questions")


def _for_person(asked: Sequence[Question], reason: WaitingReason) -> Waiting:
    """Answers that anybody who may call the service can give; the first to expire says until when."""
    more = f" (and {len(asked) - 1} more)" if len(asked) > 1 else ""
    text = f"Waits for your answer: {asked[0].text}{more}"
    details: dict[str, Any] = {"questions": [question.id for question in asked]}
    expiring = [question for question in asked if question.expires_at is not None]
    if expiring:
        first = min(expiring, key=lambda question: question.expires_at or 0.0)
        until, default = _moment(first.expires_at or 0.0), (first.detail or {}).get("default")
        text += f" Until {until}, then the answer is {default!r}."
        details |= {"until": until, "default": default}
    return Waiting(text, reason, details)


def _for_steps(
    run: Run,
    steps: Sequence[Step],
    asked: Sequence[Question],
    now: float,
    served: Collection[str] | None,
) -> Waiting | None:
    """A running run without a running step waits for what the first of its open steps waits for."""
    if run.job is Job.REPAIR:
        return _for_job(run, "Another path is being searched after a step failed", "repair", served)
    if any(step.status is StepStatus.RUNNING for step in steps):
        return None
    by_number = {step.id.idx: step for step in steps}
    ready = [step for step in steps if step.status in (StepStatus.READY, StepStatus.WAITING)]
    for step in sorted(ready, key=lambda step: step.run_at or now):
        waiting = step_waiting(step, by_number, asked, run=run, now=now, served=served)
        if waiting is not None:
            details = {**waiting.details, "step": step.id.idx}
            return Waiting(f"Step {step.subtask} ({step.tool}): {waiting.text}", waiting.reason, details)
    return None


def _for_needs(step: Step, steps: Mapping[int, Step]) -> Waiting:
    unmet = [steps[idx] for idx in step.needs if idx in steps and step_open(steps[idx].status)]
    names = ", ".join(dict.fromkeys(f"{need.subtask} ({need.tool})" for need in unmet))
    text = f"Waits for {names} to end." if unmet else "Waits for the steps before it to be settled."
    return Waiting(text, "steps", {"steps": [need.id.idx for need in unmet]})


_CAUSES: Mapping[WaitingReason, str] = {
    "budget": "The rest of the budget does not cover this call while other calls hold reservations.",
    "limit": "A limit on calls allows no more at this moment.",
    "cap": "A cap on money holds it back.",
    "person": "Waits for a person.",
    "worker": "Waits for a worker.",
}


def _for_cause(step: Step) -> Waiting:
    cause = dict(step.cause or {})
    given = cause.pop("reason", None)
    reason = next((known for known in _CAUSES if known == given), None)
    if reason is None and step.run_at is not None:
        waiting = _for_time(step)
        return Waiting(waiting.text, waiting.reason, {**cause, **waiting.details})
    reason = reason or "limit"
    if reason in ("limit", "cap"):
        return _for_limit(step, reason, cause)
    return Waiting(str(cause.pop("text", _CAUSES[reason])), reason, cause)


def _for_limit(step: Step, reason: WaitingReason, cause: dict[str, Any]) -> Waiting:
    """A place, a turn or money that other calls hold, or money that comes back with the next period."""
    name = cause.get("limit") or cause.get("cap")
    if name is None:
        return Waiting(_CAUSES[reason], reason, cause)
    held = ", ".join(f"{one['step']} of {one['run']}" for one in cause.get("held_by", ()))
    by = f", held by {held}" if held else ""
    if cause.get("until") is not None:
        until = _moment(float(cause["until"]))
        return Waiting(
            f"The cap of {name} per {cause['per']} is spent; goes on at {until}.",
            reason,
            {**cause, "until": until},
        )
    if reason == "cap":
        return Waiting(f"Other calls in flight hold the rest of the cap of {name}{by}.", reason, cause)
    if cause.get("kind") == "paused":
        return Waiting(f"A person paused {name}; resume it to go on.", "paused", cause)
    if cause.get("kind") == "rate":
        turn = {} if step.run_at is None else {"until": _moment(step.run_at)}
        text = f"Waits for its turn: {name} allows {cause['rate']:g} calls a second."
        return Waiting(text, reason, {**cause, **turn})
    return Waiting(f"{name} allows {cause['most']} calls at once{by}.", reason, cause)


def _for_time(step: Step) -> Waiting:
    assert step.run_at is not None
    until, attempt = _moment(step.run_at), step.tries + 1
    details = {"until": until, "attempt": attempt}
    if not step.tries:
        return Waiting(f"Starts at {until}.", "backoff", details)
    error = step.error or {}
    details |= {"error": error.get("code")}
    if error.get("code") == _UNREACHABLE:
        text = f"{step.tool} cannot be reached: {error.get('message')}; try {attempt} starts at {until}."
        return Waiting(text, "endpoint_down", details | {"tool": step.tool})
    return Waiting(f"Try {step.tries} failed; try {attempt} starts at {until}.", "backoff", details)


def _for_worker(step: Step, served: Collection[str] | None, now: float) -> Waiting:
    """A ready step: its time has not come, or nobody has taken it yet."""
    if step.run_at is not None and step.run_at > now:
        return _for_time(step)
    since = {} if step.run_at is None else {"since": _moment(step.run_at)}
    if served is not None and step.queue not in served:
        start = _START if step.queue == "default" else f"{_START} --queues {step.queue}"
        text = f"Ready, but no live worker serves the queue {step.queue!r}; {start}."
        return Waiting(text, "no_worker", {"queue": step.queue, **since})
    return Waiting("Ready; waits for a free worker.", "worker", since)


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
