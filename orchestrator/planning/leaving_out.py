"""A plan under another filter of tools: without the options that may no longer be taken."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from orchestrator.domain.plan import Option, Plan, SubTask
from orchestrator.domain.run import ToolFilter
from orchestrator.errors import FieldProblem, PlanRejected
from orchestrator.planning.checks import escaped
from orchestrator.planning.toolset import allowed
from orchestrator.ports import Catalog


async def allowed_by(filter: ToolFilter, plan: Plan, *, catalog: Catalog) -> Plan:
    """The plan without options that use a tool which the filter does not allow; itself when there are none.

    Raises PlanRejected, naming each sub-task of which nothing would be left.
    """
    if not filter.include and not filter.exclude:
        return plan
    used = {call.tool for s in plan.subtasks for option in s.options for call in option.calls}
    known = (tool for tool in await catalog.active() if tool.name in used)
    return without_tools(plan, {tool.name for tool in known if not allowed(tool, filter)})


def without_tools(plan: Plan, names: Collection[str]) -> Plan:
    """The plan without options that use one of these tools. Raises PlanRejected as `allowed_by` does."""
    if not any(_uses(option, names) for subtask in plan.subtasks for option in subtask.options):
        return plan
    left = [replace(s, options=tuple(o for o in s.options if not _uses(o, names))) for s in plan.subtasks]
    lost = [subtask for subtask in left if not subtask.options]
    every = set(plan.plan_quality)
    # Of several plans merged into one, those go of which a part cannot be done any more.
    gone = {name for subtask in lost for name in subtask.plans or every}
    if lost and gone >= every:
        raise _nothing_left([s for s in plan.subtasks if s.id in {one.id for one in lost}], plan)
    kept = [subtask for subtask in left if subtask.options]
    quality = {name: value for name, value in plan.plan_quality.items() if name not in gone}
    return replace(plan, subtasks=tuple(kept), plan_quality=quality)


def _uses(option: Option, names: Collection[str]) -> bool:
    return any(call.tool in names for call in option.calls)


def _nothing_left(lost: list[SubTask], plan: Plan) -> PlanRejected:
    places = {subtask.id: place for place, subtask in enumerate(plan.subtasks)}
    problems = [
        FieldProblem(f"/subtasks/{escaped(places[one.id])}/tool", _advice(one), subtask=one.id)
        for one in lost
    ]
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return PlanRejected(f"Sub-task {lost[0].id!r}: {problems[0].detail}{more}", problems=problems)


def _advice(subtask: SubTask) -> str:
    tools = sorted({call.tool for option in subtask.options for call in option.calls})
    named = ", ".join(tools[:5]) + (" …" if len(tools) > 5 else "")
    return (
        f"in this plan only {named} can do it, which `tools` leaves out: "
        "allow one of them, or plan anew to look for others"
    )
