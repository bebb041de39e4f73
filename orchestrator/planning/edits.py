"""Edits of a stored plan by a person: each checked, the result grounded and checked as any plan."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.domain.ids import new_id
from orchestrator.domain.plan import Call, Plan, SubTask
from orchestrator.domain.run import RunRequest
from orchestrator.errors import NotFound
from orchestrator.planning.checks import Scene, check_rows, rejection
from orchestrator.planning.edit_desk import EditDesk, wrong
from orchestrator.planning.estimates import estimate_plan
from orchestrator.planning.grounding import settled
from orchestrator.planning.leaving_out import without_tools
from orchestrator.planning.toolset import Toolset
from orchestrator.ports import Artifacts, Beliefs, Catalog, Retriever
from tools.spec import Tool


@dataclass(frozen=True, slots=True)
class PlanEditor:
    """Applies edits to plans; implements the editor that `runs.plans` asks for."""

    catalog: Catalog
    retriever: Retriever
    beliefs: Beliefs
    artifacts: Artifacts | None = None

    async def edit(self, plan: Plan, edits: Sequence[Mapping[str, Any]], *, request: RunRequest) -> Plan:
        """A new plan with a new id and today's estimates; its `source` is "edited" where there are edits.

        Options that the request's filter of tools does not allow are left out. Edits are applied in
        order: `{"op": "add", "subtask": {…}, "after"?: id}`, `{"op": "remove", "id"}`,
        `{"op": "reorder", "order": [every id]}` or `{"op": "reorder", "id", "needs": […]}`,
        `{"op": "reword", "id", "goal"?, "words"?}`, `{"op": "retarget", "id", "tool": name, or null
        for any that fits}`, `{"op": "arguments", "id", "arguments": {name: value, or null to take it
        away}}`, `{"op": "extend", "id", "into": [sub-tasks; what others use comes from the last]}`.
        Raises Invalid with pointers into `/edits`, PlanRejected with pointers into `/subtasks`,
        or NoSuitableTool.
        """
        tools = Toolset(await self.catalog.active()).restricted(request.tools)
        scene = Scene(
            tools, request.inputs, await self._media_types(request), pinned=await self._pinned(plan)
        )
        desk = EditDesk({s.id: s for s in plan.subtasks}, scene, self.retriever)
        for place, edit in enumerate(edits):
            await desk.apply(f"/edits/{place}", edit)
        if not desk.subtasks:
            raise wrong("/edits", "nothing would be left of the plan: keep at least one sub-task")
        subtasks = list(desk.subtasks.values())
        done = settled(subtasks, replace(scene, positions={s.id: i for i, s in enumerate(subtasks)}))
        if done.findings:
            raise rejection(done.findings, ids=list(desk.subtasks))
        made = replace(
            plan,
            id=new_id("plan"),
            subtasks=done.subtasks,
            source="edited" if edits else plan.source,
            conflicts=done.conflicts,
            checks=check_rows(()),
            notes=(*plan.notes, *(_told(edit) for edit in edits)),
        )
        made = without_tools(made, tools.excluded)
        risk = request.preference.risk
        return await estimate_plan(made, catalog=self.catalog, beliefs=self.beliefs, risk=risk)

    async def _pinned(self, plan: Plan) -> dict[tuple[str, int], Tool]:
        calls = (call for s in plan.subtasks for option in s.options for call in option.calls)
        keys = dict.fromkeys((call.tool, call.version) for call in calls)
        return {key: await self.catalog.pinned(*key) for key in keys}

    async def _media_types(self, request: RunRequest) -> dict[str, str]:
        files = [v for v in request.inputs.values() if isinstance(v, Mapping) and "artifact" in v]
        found: dict[str, str] = {}
        for id in (str(file["artifact"]) for file in files):
            # A file that is gone makes the run fail, not the edit.
            with contextlib.suppress(NotFound):
                found |= {id: (await self.artifacts.get(id)).media_type} if self.artifacts else {}
        return found


def plan_diff(old: Plan, new: Plan) -> dict[str, Any]:
    """What an edit changed, JSON-ready: sub-tasks added and removed, and fields changed from … to …."""
    before, after = {s.id: s for s in old.subtasks}, {s.id: s for s in new.subtasks}
    changed = {}
    for id in before.keys() & after.keys():
        one, other = _plain(before[id]), _plain(after[id])
        fields = {name: {"from": one[name], "to": other[name]} for name in one if one[name] != other[name]}
        if fields:
            changed[id] = fields
    order = [s.id for s in new.subtasks]
    kept = [id for id in order if id in before]
    return {
        "from": old.id,
        "to": new.id,
        "added": {id: _plain(after[id]) for id in order if id not in before},
        "removed": sorted(before.keys() - after.keys()),
        "changed": dict(sorted(changed.items())),
        "order": order if kept != [s.id for s in old.subtasks if s.id in after] else None,
    }


def _plain(subtask: SubTask) -> dict[str, Any]:
    return {
        "goal": subtask.goal,
        "words": subtask.words,
        "needs": list(subtask.needs),
        "options": {option.id: [_call(call) for call in option.calls] for option in subtask.options},
    }


def _call(call: Call) -> dict[str, Any]:
    return {"tool": call.tool, "version": call.version, "arguments": dict(call.arguments)}


def _told(edit: Mapping[str, Any]) -> str:
    subtask = edit.get("subtask")
    of = edit.get("id") or (subtask.get("id") if isinstance(subtask, Mapping) else "")
    return f"edited: {edit['op']} {of}".rstrip()
