"""What differs between two runs, and between what a run was believed to take and what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orchestrator.domain.views import RunView
from orchestrator.errors import Conflict
from orchestrator.runs.result import result_of


def diff_runs(one: RunView, other: RunView) -> dict[str, Any]:
    """Plan, path, inputs, outputs, cost and time of two runs, only where they differ (but cost and time)."""
    return {
        "request": _two(one.run.request.request, other.run.request.request),
        "inputs": _changed(one.run.request.inputs, other.run.request.inputs),
        "plan": _plans(one, other),
        "path": _changed(_choices(one), _choices(other)),
        "outputs": _changed(_outputs(one), _outputs(other)),
        "usd": {"one": format(one.run.spend.usd, "f"), "other": format(other.run.spend.usd, "f")},
        "seconds": {"one": wall_seconds(one), "other": wall_seconds(other)},
        "status": {"one": one.run.status, "other": other.run.status},
    }


def diff_quote(view: RunView) -> dict[str, Any]:
    """Predicted against actual; quality is the product of the judged qualities. Raises `Conflict`."""
    if view.path is None:
        raise Conflict(f"run {view.run.id} has no path yet, so there is no quote to compare with")
    quote = view.path.quote
    return {
        "usd": {"predicted": f"{quote.usd:.9f}", "actual": format(view.run.spend.usd, "f")},
        "tool_seconds": {
            "predicted": quote.tool_seconds,
            "actual": sum(step.seconds for step in view.steps),
        },
        "wall_seconds": {"predicted": quote.wall_seconds, "actual": wall_seconds(view)},
        "quality": {"predicted": quote.quality, "actual": _quality(view)},
        "steps": [
            {
                "subtask": step.subtask,
                "tool": step.tool,
                "usd": format(step.usd, "f"),
                "seconds": step.seconds,
                "quality": step.verdict.quality if step.verdict else None,
                "status": step.status,
            }
            for step in view.steps
        ],
    }


def wall_seconds(view: RunView) -> float | None:
    """Seconds from acceptance to the end; None while the run goes on."""
    run = view.run
    return None if run.finished_at is None else run.finished_at - run.created_at


def _quality(view: RunView) -> float | None:
    judged = [step.verdict.quality for step in view.steps if step.verdict is not None]
    product = 1.0
    for quality in judged:
        product *= quality
    return product if judged else None


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
