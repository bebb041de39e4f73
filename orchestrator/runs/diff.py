"""What differs between two runs, and between what a run was believed to take and what it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from orchestrator.domain.plan import Option
from orchestrator.domain.run import RunRequest
from orchestrator.domain.step import Step
from orchestrator.domain.views import RunView
from orchestrator.errors import Conflict
from orchestrator.runs.result import result_of
from orchestrator.runs.why import (
    Reason,
    chosen,
    planned_subtask,
    ruled_out,
    told_failure,
    tools_of,
    why_other,
)

#: What a request asks for besides its words and inputs, as far as it may lead to another run.
_SETTINGS = (
    "preference",
    "budget",
    "step_gate",
    "tools",
    "mode",
    "planner",
    "seed",
    "cache",
    "approve",
    "on_failure",
)


def diff_runs(one: RunView, other: RunView) -> dict[str, Any]:
    """Two runs: what was asked, planned, chosen and put out where it differs; figures always."""
    return {
        "request": _two(one.run.request.request, other.run.request.request),
        "inputs": _changed(one.run.request.inputs, other.run.request.inputs),
        "settings": _changed(_settings(one.run.request), _settings(other.run.request)),
        "plan": _plans(one, other),
        "path": _changed(_choices(one), _choices(other)),
        "outputs": _changed(_outputs(one), _outputs(other)),
        "usd": {"one": format(one.run.spend.usd, "f"), "other": format(other.run.spend.usd, "f")},
        "seconds": {"one": wall_seconds(one), "other": wall_seconds(other)},
        "tool_seconds": {"one": one.run.spend.seconds, "other": other.run.spend.seconds},
        "quality": {"one": _quality(one.steps), "other": _quality(other.steps)},
        "status": {"one": one.run.status, "other": other.run.status},
        "subtasks": [
            {
                "id": id,
                "one": _done(one, id),
                "other": _done(other, id),
                "why": [asdict(reason) for reason in why_other(one, other, id)],
            }
            for id in dict.fromkeys([*_goals(one), *_goals(other)])
        ],
    }


def diff_quote(view: RunView) -> dict[str, Any]:
    """Predicted against actual; quality is the product of the judged qualities. Raises `Conflict`.

    The quote is the one that the plan came with, before anything of it ran.
    """
    quoted = (view.plan.path if view.plan is not None else None) or view.path
    if quoted is None:
        raise Conflict(f"run {view.run.id} has no path yet, so there is no quote to compare with")
    quote = quoted.quote
    return {
        "usd": {"predicted": f"{quote.usd:.9f}", "actual": format(view.run.spend.usd, "f")},
        "tool_seconds": {"predicted": quote.tool_seconds, "actual": view.run.spend.seconds},
        "wall_seconds": {"predicted": quote.wall_seconds, "actual": wall_seconds(view)},
        "quality": {"predicted": quote.quality, "actual": _quality(view.steps)},
        "subtasks": [
            {
                "id": id,
                "quoted": _quoted(view, id, quoted.choices.get(id)),
                "taken": _done(view, id),
                "why": [asdict(reason) for reason in _why_not_as_quoted(view, id, quoted.choices.get(id))],
            }
            for id in _goals(view)
        ],
    }


def wall_seconds(view: RunView) -> float | None:
    """Seconds from acceptance to the end; None while the run goes on."""
    run = view.run
    return None if run.finished_at is None else run.finished_at - run.created_at


def _done(view: RunView, subtask: str) -> dict[str, Any] | None:
    """How a run did a sub-task, and what all tries at it took; None where its plan has none such."""
    planned = planned_subtask(view, subtask)
    if planned is None:
        return None
    option = chosen(view, subtask)
    steps = [step for step in view.steps if step.subtask == subtask]
    calls = _newest(step for step in steps if option is None or step.option == option.id)
    last = calls[-1] if calls else None
    judged = [step.verdict for step in calls if step.verdict is not None]
    return {
        "goal": planned.goal,
        "calls": _calls(calls, option),
        "believed": None if option is None else _believed(option),
        "status": None if last is None else last.status,
        "usd": format(sum((step.usd for step in steps), Decimal(0)), "f"),
        "seconds": sum(step.seconds for step in steps),
        "quality": _quality(calls),
        "judged_by": judged[-1].source if judged else None,
        "attempts": sum(1 for attempt in view.attempts if attempt.step.idx in {s.id.idx for s in steps}),
    }


def _newest(steps: Iterable[Step]) -> list[Step]:
    """Of each call of an option its newest step, in order."""
    newest = {step.part: step for step in sorted(steps, key=lambda s: (s.path_version, s.id.idx))}
    return [newest[part] for part in sorted(newest)]


def _calls(steps: Sequence[Step], option: Option | None) -> list[dict[str, Any]]:
    if steps:
        return [{"tool": step.tool, "arguments": dict(step.arguments)} for step in steps]
    return [{"tool": c.tool, "arguments": dict(c.arguments)} for c in (option.calls if option else ())]


def _believed(option: Option) -> dict[str, Any]:
    return asdict(option.estimate)


def _quoted(view: RunView, subtask: str, choice: str | None) -> dict[str, Any] | None:
    option = _option(view, subtask, choice)
    return None if option is None else {"tools": list(tools_of(option)), "believed": _believed(option)}


def _why_not_as_quoted(view: RunView, subtask: str, choice: str | None) -> list[Reason]:
    quoted, taken = _option(view, subtask, choice), chosen(view, subtask)
    if quoted is None or taken is None or quoted.id == taken.id:
        return []
    tried = ruled_out(view.steps, subtask, tools_of(quoted))
    if tried is not None:
        return [Reason("ruled_out", "other", told_failure(tried))]
    return [Reason("balance", "other", "The rest of the path was searched again after a failure elsewhere.")]


def _option(view: RunView, subtask: str, choice: str | None) -> Option | None:
    planned = planned_subtask(view, subtask)
    return None if planned is None else next((o for o in planned.options if o.id == choice), None)


def _quality(steps: Iterable[Step]) -> float | None:
    judged = [step.verdict.quality for step in steps if step.verdict is not None]
    product = 1.0
    for quality in judged:
        product *= quality
    return product if judged else None


def _settings(request: RunRequest) -> dict[str, Any]:
    asked = {name: value for name, value in asdict(request).items() if name in _SETTINGS}
    return {
        f"{name}.{inner}": part
        for name, value in asked.items()
        if isinstance(value, Mapping)
        for inner, part in value.items()
    } | {name: value for name, value in asked.items() if not isinstance(value, Mapping)}


def _plans(one: RunView, other: RunView) -> dict[str, Any]:
    mine, theirs = _goals(one), _goals(other)
    return {
        "added": sorted(theirs.keys() - mine.keys()),
        "removed": sorted(mine.keys() - theirs.keys()),
        "changed": {id: v for id, v in _changed(mine, theirs).items() if id in mine and id in theirs},
    }


def _goals(view: RunView) -> dict[str, Any]:
    subtasks = () if view.plan is None else view.plan.plan.subtasks
    return {s.id: {"goal": s.goal, "type": s.type, "needs": list(s.needs)} for s in subtasks}


def _choices(view: RunView) -> Mapping[str, Any]:
    return {} if view.path is None else dict(view.path.choices)


def _outputs(view: RunView) -> dict[str, Any]:
    result = result_of(view)
    if result is None:
        return {}
    return {f"{o.subtask}.{o.name}": o.artifact or asdict(o)["value"] for o in result.outputs}


def _changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    keys = list(dict.fromkeys([*one, *other]))
    return {
        key: {"one": one.get(key), "other": other.get(key)} for key in keys if one.get(key) != other.get(key)
    }


def _two(one: Any, other: Any) -> dict[str, Any] | None:
    return None if one == other else {"one": one, "other": other}
