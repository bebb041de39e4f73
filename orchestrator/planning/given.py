"""A plan that came with the request, as a draft; where no tool is named, the tools that fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.plan import INPUTS, SUBTASK_ID, references
from orchestrator.errors import FieldProblem, Invalid, NoSuitableTool
from orchestrator.planning.drafts import Draft, DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.grounding import unknown_tool
from orchestrator.planning.toolset import Toolset, job_of
from orchestrator.ports import Hit, Retriever
from tools.spec import Tool

ROOT = "/plan/subtasks"
#: A plan of more sub-tasks than this is refused.
MOST_SUBTASKS = 1000

_FIELDS = frozenset({"id", "goal", "tool", "arguments", "needs", "words", "deadline"})
#: Tools looked at for a sub-task that names none, and the share of the best score one must have
#: to count as doing the same when neither says which job it does.
_LOOKED_AT, _ALIKE = 20, 0.8


@dataclass(frozen=True, slots=True)
class Given:
    """A given plan read: the draft, and the sub-tasks that name their tool."""

    draft: Draft
    pinned: frozenset[str]


@dataclass(slots=True)
class _Reader:
    """Collects what is wrong while a plan is read."""

    problems: list[FieldProblem] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def wrong(self, path: str, detail: str) -> None:
        """Note a problem."""
        self.problems.append(FieldProblem(path, detail))

    def end(self) -> None:
        """Raises Invalid when there are problems."""
        if self.problems:
            first = self.problems[0]
            raise Invalid(f"{first.path}: {first.detail}", problems=self.problems)


async def read_given(plan: Mapping[str, Any], *, tools: Toolset, retriever: Retriever) -> Given:
    """The draft of a given plan. Raises Invalid with JSON pointers, or NoSuitableTool."""
    raw = plan.get("subtasks")
    if not isinstance(raw, (list, tuple)) or not raw:
        detail = 'give at least one, as {"id", "goal", "tool", "arguments", "needs"}'
        raise Invalid(f"{ROOT}: {detail}", problems=[FieldProblem(ROOT, detail)])
    unknown = [
        FieldProblem(f"/plan/{name}", "a plan has no such field; it has `subtasks`")
        for name in sorted(set(plan) - {"subtasks"})
    ]
    subtasks, pinned = await read_subtasks(raw, root=ROOT, tools=tools, retriever=retriever, problems=unknown)
    return Given(Draft(subtasks), pinned)


async def read_subtasks(
    raw: Sequence[Any],
    *,
    root: str,
    tools: Toolset,
    retriever: Retriever,
    wanted: Mapping[str, set[str]] | None = None,
    problems: Sequence[FieldProblem] = (),
) -> tuple[tuple[DraftSubTask, ...], frozenset[str]]:
    """Sub-tasks written as JSON, and those of them that name their tool.

    `root` is the JSON pointer of the list; `wanted` are fields that sub-tasks elsewhere refer to;
    `problems` are those already found. Raises Invalid, or NoSuitableTool.
    """
    reader = _Reader(list(problems))
    raw = [_without_nulls(one) for one in raw]
    _shape(reader, root, raw)
    reader.end()
    asked = _wanted(raw, wanted or {})
    subtasks = []
    for place, one in enumerate(raw):
        if "tool" in one and tools.get(one["tool"]) is None:
            reader.wrong(f"{root}/{place}/tool", await _unknown(one["tool"], tools, retriever))
        elif "tool" not in one:
            fitting = await _fitting(one, asked.get(one["id"], set()), tools=tools, retriever=retriever)
            subtasks.append(_drafted(one, fitting))
        elif tool := tools.get(one["tool"]):
            subtasks.append(_drafted(one, [tool]))
    reader.end()
    return tuple(subtasks), frozenset(one["id"] for one in raw if "tool" in one)


def _drafted(one: Mapping[str, Any], fitting: Sequence[Tool]) -> DraftSubTask:
    arguments = one.get("arguments", {})
    goal = one.get("goal") or fitting[0].summary
    options = tuple(DraftOption((DraftCall(tool.name, arguments),)) for tool in fitting)
    needs = tuple(one.get("needs", ()))
    words, deadline = one.get("words", goal), one.get("deadline")
    return DraftSubTask(one["id"], goal, job_of(fitting[0]), words, options, needs, deadline)


async def _unknown(name: str, tools: Toolset, retriever: Retriever) -> str:
    if name in tools.excluded or tools.nearest(name):
        return unknown_tool(name, tools)
    hits = await retriever.search(name.replace("_", " "), k=3, accept=tools.has)
    near = ", ".join(hit.tool.name for hit in hits if hit.score > 0)
    return f"there is no active tool {name!r}; nearest: {near}" if near else unknown_tool(name, tools)


# --- tools for a sub-task that names none -------------------------------------------------------


async def _fitting(
    one: Mapping[str, Any], wanted: set[str], *, tools: Toolset, retriever: Retriever
) -> list[Tool]:
    """Tools that the goal's words lead to, whose schemas take the arguments and give what is referred to."""

    def takes(tool: Tool) -> bool:
        if not tools.has(tool):
            return False
        facts = tools.facts(tool)
        arguments = one.get("arguments", {})
        if not all(name in facts.inputs or facts.open_inputs for name in arguments):
            return False
        literal = {name: value for name, value in arguments.items() if not _refers(value)}
        return (
            all(name in arguments for name in facts.required)
            and not any(facts.faults(name, value) for name, value in literal.items())
            and (facts.open_outputs or wanted <= set(facts.outputs))
        )

    hits = await retriever.search(one["goal"], k=_LOOKED_AT, accept=takes)
    found = alike([hit for hit in hits if hit.score > 0])
    if not found:
        near = await retriever.search(one["goal"], k=5, accept=tools.has)
        raise NoSuitableTool(
            f"no tool fits sub-task {one['id']!r} ({one['goal']}) with these arguments; name a `tool`, "
            "or change the arguments to those of one of the nearest",
            nearest=[hit.tool.name for hit in near],
        )
    return found


def alike(hits: Sequence[Hit]) -> list[Tool]:
    """The best hit, and those that do the same: by their jobs, or by their score where none is named."""
    if not hits:
        return []
    best = hits[0]
    if best.tool.does:
        return [hit.tool for hit in hits if set(best.tool.does) & set(hit.tool.does)]
    return [hit.tool for hit in hits if not hit.tool.does and hit.score >= _ALIKE * best.score]


def _refers(value: Any) -> bool:
    return any(True for _ in references(value))


def _wanted(raw: Sequence[Mapping[str, Any]], more: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    wanted = {id: set(fields) for id, fields in more.items()}
    for ref in (ref for one in raw for ref in references(one.get("arguments", {}))):
        if ref.source != INPUTS:
            wanted.setdefault(ref.source, set()).add(ref.path[0])
    return wanted


# --- the shape of the JSON ----------------------------------------------------------------------


def _shape(reader: _Reader, root: str, raw: Sequence[Any]) -> None:
    """Whether each sub-task has the right fields of the right types."""
    if len(raw) > MOST_SUBTASKS:
        reader.wrong(root, f"a plan has at most {MOST_SUBTASKS} sub-tasks; this one has {len(raw)}")
        return
    for place, one in enumerate(raw):
        _subtask(reader, f"{root}/{place}", one)


def _without_nulls(one: Any) -> Any:
    """A field that is null is a field that is absent."""
    return {name: v for name, v in one.items() if v is not None} if isinstance(one, Mapping) else one


def _subtask(reader: _Reader, path: str, one: Any) -> None:
    if not isinstance(one, Mapping):
        reader.wrong(path, "a sub-task is an object")
        return
    for name in set(one) - _FIELDS:
        reader.wrong(f"{path}/{name}", f"a sub-task has no such field; it has {', '.join(sorted(_FIELDS))}")
    _id(reader, f"{path}/id", one.get("id"))
    for name in ("goal", "tool", "words"):
        if name in one and not (isinstance(one[name], str) and one[name]):
            reader.wrong(f"{path}/{name}", "this is a string that is not empty")
    if "tool" not in one and not one.get("goal"):
        reader.wrong(f"{path}/goal", "say what is to be done, or name a `tool`")
    _arguments(reader, f"{path}/arguments", one.get("arguments", {}))
    deadline = one.get("deadline", 1)
    if isinstance(deadline, bool) or not isinstance(deadline, (int, float)) or not 0 < deadline < math.inf:
        reader.wrong(f"{path}/deadline", "this is a number of seconds above 0")
    needs = one.get("needs", [])
    if not isinstance(needs, (list, tuple)) or not all(isinstance(need, str) for need in needs):
        reader.wrong(f"{path}/needs", "this is a list of the ids of other sub-tasks")


def _id(reader: _Reader, path: str, id: Any) -> None:
    if not isinstance(id, str) or not SUBTASK_ID.fullmatch(id) or id == INPUTS:
        reader.wrong(path, "an id is a letter and up to 63 letters, digits, '_' or '-', and not 'inputs'")
    elif id in reader.seen:
        reader.wrong(path, f"the id {id!r} is taken by another sub-task")
    else:
        reader.seen.add(id)


def _arguments(reader: _Reader, path: str, arguments: Any) -> None:
    if not isinstance(arguments, Mapping):
        reader.wrong(path, "arguments are an object: the tool's argument names and their values")
        return
    for name, value in arguments.items():
        try:
            for _ in references(value):
                pass
        except ValueError as error:
            reader.wrong(f"{path}/{name}", str(error))
