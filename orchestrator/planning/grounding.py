"""From drafts to a plan: tools pinned, alternatives added, types met, agreeing drafts merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.domain.plan import (
    INPUTS,
    PREVIOUS,
    Call,
    Estimate,
    Option,
    SubTask,
    references,
)
from orchestrator.planning.alternatives import alternatives
from orchestrator.planning.checks import KNOWN_TOOLS, Finding, Scene, dangling, in_order, without_failing
from orchestrator.planning.drafts import Draft, DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.links import Conflicts, linked
from orchestrator.planning.many import as_lists
from orchestrator.planning.toolset import Toolset, job_of

#: Stands in until beliefs fill it.
UNKNOWN = Estimate(0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Grounded:
    """Sub-tasks in order with pinned options and the pairs that do not fit, or what is wrong."""

    subtasks: tuple[SubTask, ...] = ()
    conflicts: Conflicts = ()
    findings: tuple[Finding, ...] = ()


def ground(
    draft: Draft,
    scene: Scene,
    *,
    pinned: Collection[str] = (),
    failed: Collection[tuple[str, str]] = (),
) -> Grounded:
    """Bind a draft to registered tools.

    `pinned` sub-tasks keep the tools they name and get no alternatives. `failed` (job, tool) pairs
    are left out. Findings carry JSON pointers under `scene.root`.
    """
    unknown = _unknown_tools(draft, scene)
    if unknown:
        return Grounded(findings=tuple(unknown))
    wanted = _wanted(draft.subtasks)
    subtasks = [
        grounded_subtask(one, scene, wanted=wanted.get(one.id, ()), widen=one.id not in pinned, failed=failed)
        for one in draft.subtasks
    ]
    lost = [s for s in subtasks if not s.options]
    if lost:
        return Grounded(findings=tuple(_none_left(s, scene) for s in lost))
    return settled(subtasks, scene)


def settled(subtasks: Sequence[SubTask], scene: Scene) -> Grounded:
    """The sub-tasks in order, checked; options that fail are dropped while others are left."""
    found = dangling(subtasks, scene)
    if found:
        return Grounded(findings=tuple(found))
    ordered, found = in_order([with_needs(subtask) for subtask in subtasks], scene)
    if found:
        return Grounded(findings=tuple(found))
    judged = [without_failing(subtask, scene) for subtask in as_lists(ordered, scene)]
    found = [finding for _, findings in judged for finding in findings]
    if found:
        return Grounded(findings=tuple(found))
    kept, conflicts, found = linked([subtask for subtask, _ in judged], scene)
    return Grounded(findings=tuple(found)) if found else Grounded(kept, conflicts)


def _unknown_tools(draft: Draft, scene: Scene) -> list[Finding]:
    found = []
    for subtask in draft.subtasks:
        for name in dict.fromkeys(call.tool for option in subtask.options for call in option.calls):
            if scene.tools.get(name) is None:
                where = scene.at(subtask.id, "tool")
                found.append(Finding(KNOWN_TOOLS, where, unknown_tool(name, scene.tools)))
    return found


def unknown_tool(name: str, tools: Toolset) -> str:
    """What to say of a tool that cannot be used."""
    if name in tools.excluded:
        return f"the tool {name!r} is left out by the run's `tools` filter: allow it there, or name another"
    near = tools.nearest(name)
    hint = f"; nearest: {', '.join(near)}" if near else "; `toolpath tools list` shows the registered ones"
    return f"there is no active tool {name!r}{hint}"


def _none_left(subtask: SubTask, scene: Scene) -> Finding:
    detail = f"no tool is left for {subtask.goal or subtask.type!r}: those that fit have failed in this run"
    return Finding(KNOWN_TOOLS, scene.at(subtask.id), detail)


def _wanted(subtasks: Sequence[DraftSubTask]) -> Mapping[str, set[str]]:
    """The output fields of each sub-task that others refer to."""
    wanted: dict[str, set[str]] = {}
    calls = (call for subtask in subtasks for option in subtask.options for call in option.calls)
    for ref in (ref for call in calls for ref in _readable(call.arguments)):
        wanted.setdefault(ref.source, set()).add(ref.path[0])
    return wanted


def _readable(arguments: Mapping[str, Any]) -> list[Any]:
    """The references of arguments; none when one is malformed, which the checks will say."""
    try:
        return list(references(arguments))
    except ValueError:
        return []


def grounded_subtask(
    draft: DraftSubTask,
    scene: Scene,
    *,
    wanted: Collection[str] = (),
    widen: bool = True,
    failed: Collection[tuple[str, str]] = (),
) -> SubTask:
    """One sub-task with its options pinned, and alternatives to the first where `widen` says so.

    `wanted` are the output fields that others refer to. All tools it names must be known.
    """
    job = draft.type or _job(draft, scene)
    tried = {tool for failed_job, tool in failed if failed_job == job}
    options = list(draft.options)
    if widen and options:
        taken = {call.tool for option in options for call in option.calls}
        options += alternatives(options[0], job, wanted=wanted, taken=taken, scene=scene)
    kept = [option for option in options if not any(call.tool in tried for call in option.calls)]
    options_ = _options(kept, scene)
    return SubTask(draft.id, draft.goal, job, options_, draft.needs, draft.words, deadline=draft.deadline)


def _job(draft: DraftSubTask, scene: Scene) -> str:
    """The job of a sub-task whose draft names only a tool."""
    tool = scene.tools.get(draft.options[0].calls[-1].tool) if draft.options else None
    return job_of(tool) if tool is not None else ""


def _options(drafted: Sequence[DraftOption], scene: Scene) -> tuple[Option, ...]:
    options: dict[str, Option] = {}
    for one in drafted:
        calls = tuple(_pinned_call(call, scene) for call in one.calls)
        id = name = "+".join(call.tool for call in calls)
        same = [o for o in options.values() if o.calls == calls]
        if same:
            continue
        number = 2
        while id in options:
            id, number = f"{name}#{number}", number + 1
        options[id] = Option(id, calls, UNKNOWN, aliases=dict(one.aliases))
    return tuple(options.values())


def _pinned_call(call: DraftCall, scene: Scene) -> Call:
    tool = scene.tools.get(call.tool)
    assert tool is not None, "unknown tools were found before"
    return Call(tool.name, tool.version, scene.tools.facts(tool).hash, dict(call.arguments))


def with_needs(subtask: SubTask) -> SubTask:
    """The sub-task with the needs that its references imply."""
    arguments = (call.arguments for option in subtask.options for call in option.calls)
    implied = (ref.source for one in arguments for ref in _readable(one))
    needs = dict.fromkeys([*subtask.needs, *(s for s in implied if s not in (INPUTS, PREVIOUS))])
    return subtask if len(needs) == len(subtask.needs) else replace(subtask, needs=tuple(needs))
