"""The operations of an edit, one after the other, on the sub-tasks of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.domain.plan import Call, Option, SubTask, references
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.planning.alternatives import Swap, renamed_outputs
from orchestrator.planning.checks import Scene
from orchestrator.planning.drafts import DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.given import read_subtasks
from orchestrator.planning.grounding import UNKNOWN, grounded_subtask, unknown_tool, with_needs
from orchestrator.planning.merging import renamed_refs
from orchestrator.ports import Retriever
from tools.spec import Tool

_FIELDS: Mapping[str, frozenset[str]] = {
    "add": frozenset({"subtask", "after"}),
    "remove": frozenset({"id"}),
    "reorder": frozenset({"order", "id", "needs"}),
    "reword": frozenset({"id", "goal", "words"}),
    "retarget": frozenset({"id", "tool"}),
    "arguments": frozenset({"id", "arguments"}),
    "extend": frozenset({"id", "into"}),
}


def wrong(path: str, detail: str) -> Invalid:
    """One problem with an edit."""
    return Invalid(f"{path}: {detail}", problems=[FieldProblem(path, detail)])


class EditDesk:
    """The sub-tasks of a plan while it is edited."""

    def __init__(self, subtasks: dict[str, SubTask], scene: Scene, retriever: Retriever) -> None:
        self.subtasks = subtasks
        self._scene = scene
        self._retriever = retriever

    async def apply(self, path: str, edit: Mapping[str, Any]) -> None:
        """Make one edit. Raises Invalid with a pointer below `path`."""
        op = edit.get("op")
        if not isinstance(op, str) or op not in _FIELDS:
            raise wrong(f"{path}/op", f"this is one of: {', '.join(_FIELDS)}")
        for name in sorted(set(edit) - _FIELDS[op] - {"op"}):
            known = ", ".join(sorted(_FIELDS[op]))
            raise wrong(f"{path}/{name}", f"{op} has no such field; it has: {known}")
        if op == "add":
            await self._add(path, edit)
        elif op == "extend":
            await self._extend(path, edit)
        else:
            plain: dict[str, Callable[[str, Mapping[str, Any]], None]] = {
                "remove": self._remove,
                "reorder": self._reorder,
                "reword": self._reword,
                "retarget": self._retarget,
                "arguments": self._arguments,
            }
            plain[op](path, edit)

    async def _add(self, path: str, edit: Mapping[str, Any]) -> None:
        (made,) = await self._read(f"{path}/subtask", [edit.get("subtask")], one=True)
        if made.id in self.subtasks:
            raise wrong(f"{path}/subtask/id", f"the id {made.id!r} is taken by another sub-task")
        after = self._named(f"{path}/after", edit["after"]).id if "after" in edit else None
        self._insert([made], after=after)

    async def _extend(self, path: str, edit: Mapping[str, Any]) -> None:
        old = self._named(f"{path}/id", edit.get("id"))
        into = edit.get("into")
        if not isinstance(into, (list, tuple)) or len(into) < 2:
            raise wrong(f"{path}/into", "give at least two sub-tasks that do the work of this one together")
        made = await self._read(f"{path}/into", into, used=self._used(old.id))
        taken = [s.id for s in made if s.id != old.id and s.id in self.subtasks]
        if taken:
            raise wrong(f"{path}/into", f"the id {taken[0]!r} is taken by another sub-task")
        first = {s.id for s in made}
        made = [with_needs(s) for s in made]
        made = [s if set(s.needs) & first else replace(s, needs=_joined(old.needs, s.needs)) for s in made]
        self._insert(made, after=old.id)
        if old.id not in first:
            self._rename(old.id, made[-1].id)
            del self.subtasks[old.id]

    async def _read(
        self,
        path: str,
        raw: Sequence[Any],
        *,
        one: bool = False,
        used: set[str] | None = None,
        gives: str = "",
    ) -> list[SubTask]:
        """Sub-tasks from JSON, grounded; the last one must give what others use of `gives`."""
        last = raw[-1].get("id") if isinstance(raw[-1], Mapping) else None
        wanted = {last: used} if used and isinstance(last, str) else {}
        try:
            drafts, pinned = await read_subtasks(
                raw, root=path, tools=self._scene.tools, retriever=self._retriever, wanted=wanted
            )
        except Invalid as error:
            problems = [_without_place(p, path) for p in error.problems] if one else error.problems
            raise Invalid(f"{problems[0].path}: {problems[0].detail}", problems=problems) from error
        return [
            grounded_subtask(d, self._scene, wanted=wanted.get(d.id, ()), widen=d.id not in pinned)
            for d in drafts
        ]

    def _remove(self, path: str, edit: Mapping[str, Any]) -> None:
        old = self._named(f"{path}/id", edit.get("id"))
        users = [s.id for s in self.subtasks.values() if _uses(s, old.id)]
        if users:
            detail = f"{', '.join(users)} uses its output: change those arguments, or remove that first"
            raise wrong(f"{path}/id", detail)
        del self.subtasks[old.id]
        for id, other in self.subtasks.items():
            if old.id in other.needs:
                needs = [n for n in other.needs if n != old.id]
                self.subtasks[id] = replace(other, needs=_joined(needs, old.needs))

    def _reorder(self, path: str, edit: Mapping[str, Any]) -> None:
        if "id" in edit:
            old = self._named(f"{path}/id", edit["id"])
            needs = edit.get("needs")
            if not isinstance(needs, (list, tuple)) or not all(isinstance(n, str) for n in needs):
                raise wrong(f"{path}/needs", "this is a list of the ids of other sub-tasks")
            for place, need in enumerate(needs):
                self._named(f"{path}/needs/{place}", need)
            self.subtasks[old.id] = replace(old, needs=tuple(dict.fromkeys(needs)))
            return
        order = edit.get("order")
        strings = isinstance(order, (list, tuple)) and all(isinstance(id, str) for id in order)
        if not isinstance(order, (list, tuple)) or not strings or sorted(order) != sorted(self.subtasks):
            raise wrong(f"{path}/order", f"name every sub-task once: {', '.join(self.subtasks)}")
        for place, id in enumerate(order):
            late = set(self.subtasks[id].needs) & set(order[place + 1 :])
            if late:
                detail = f"{id!r} needs {min(late)!r}, which would come after it"
                raise wrong(f"{path}/order/{place}", detail)
        self.subtasks = {id: self.subtasks[id] for id in order}

    def _reword(self, path: str, edit: Mapping[str, Any]) -> None:
        old = self._named(f"{path}/id", edit.get("id"))
        texts = {name: edit[name] for name in ("goal", "words") if name in edit}
        for name, text in texts.items():
            if not isinstance(text, str) or not text.strip():
                raise wrong(f"{path}/{name}", "this is a string that is not empty")
        if not texts:
            raise wrong(f"{path}/goal", "give the new `goal`, or the `words` of the request that it serves")
        self.subtasks[old.id] = replace(old, **texts)

    def _retarget(self, path: str, edit: Mapping[str, Any]) -> None:
        old = self._named(f"{path}/id", edit.get("id"))
        name = edit.get("tool")
        first = old.options[0]
        if name is None and "tool" in edit:
            draft = _draft(old, [first])
            wider = grounded_subtask(draft, self._scene, wanted=self._used(old.id))
            known = {option.id: option for option in old.options}
            options = {option.id: option for option in wider.options} | known
            self.subtasks[old.id] = replace(old, options=tuple(options.values()))
            return
        tool = self._scene.tools.get(name) if isinstance(name, str) else None
        if tool is None:
            raise wrong(f"{path}/tool", unknown_tool(str(name), self._scene.tools))
        same = [option for option in old.options if option.id == name]
        self.subtasks[old.id] = replace(old, options=tuple(same) or (self._moved(old, tool),))

    def _moved(self, old: SubTask, tool: Tool) -> Option:
        """An option by another tool, with the arguments that it has too; the checks say what is missing."""
        facts, first = self._scene.tools.facts(tool), old.options[0]
        swap = Swap(self._scene.facts(first.calls[-1]), facts, self._scene)
        kept = {n: value for n, value in first.calls[-1].arguments.items() if n in facts.inputs}
        names = renamed_outputs(swap, [first.aliases.get(n, n) for n in self._used(old.id)]) or {}
        used = {own: name for name, own in first.aliases.items()}
        aliases = {used.get(mine, mine): own for mine, own in names.items() if used.get(mine, mine) != own}
        return Option(tool.name, (Call(tool.name, tool.version, facts.hash, kept),), UNKNOWN, aliases=aliases)

    def _arguments(self, path: str, edit: Mapping[str, Any]) -> None:
        old = self._named(f"{path}/id", edit.get("id"))
        changes = edit.get("arguments")
        if not isinstance(changes, Mapping) or not changes:
            raise wrong(f"{path}/arguments", "give the arguments to change; null takes one away")
        for name, value in changes.items():
            try:
                list(references(value))
            except ValueError as error:
                raise wrong(f"{path}/arguments/{name}", str(error)) from error
        before = _sources(old)
        options = tuple(_changed(option, changes) for option in old.options)
        new = replace(old, options=options)
        needs = tuple(need for need in old.needs if need not in before or need in _sources(new))
        self.subtasks[old.id] = replace(new, needs=needs)

    def _named(self, path: str, id: Any) -> SubTask:
        if not isinstance(id, str) or id not in self.subtasks:
            raise wrong(path, f"there is no sub-task {id!r}; there are: {', '.join(self.subtasks)}")
        return self.subtasks[id]

    def _insert(self, made: Sequence[SubTask], *, after: str | None) -> None:
        order: dict[str, SubTask] = {}
        for id, subtask in self.subtasks.items():
            order[id] = subtask
            if id == after:
                order |= {s.id: s for s in made}
        self.subtasks = order | {s.id: s for s in made}

    def _rename(self, old: str, new: str) -> None:
        for id, subtask in self.subtasks.items():
            options = tuple(_renamed(option, {old: new}) for option in subtask.options)
            needs = tuple(new if need == old and id != new else need for need in subtask.needs)
            self.subtasks[id] = replace(subtask, options=options, needs=needs)

    def _used(self, id: str) -> set[str]:
        """The output fields of a sub-task that others refer to."""
        arguments = (c.arguments for s in self.subtasks.values() for o in s.options for c in o.calls)
        return {ref.path[0] for one in arguments for ref in references(one) if ref.source == id}


def _draft(subtask: SubTask, options: Sequence[Option]) -> DraftSubTask:
    drafted = tuple(
        DraftOption(tuple(DraftCall(c.tool, c.arguments) for c in option.calls), option.aliases)
        for option in options
    )
    return DraftSubTask(
        subtask.id, subtask.goal, subtask.type, subtask.words, drafted, subtask.needs, subtask.deadline
    )


def _changed(option: Option, changes: Mapping[str, Any]) -> Option:
    """The option with arguments of its last call changed."""
    *before, last = option.calls
    arguments = {**last.arguments, **changes}
    kept = {name: value for name, value in arguments.items() if value is not None or name not in changes}
    return replace(option, calls=(*before, replace(last, arguments=kept)))


def _renamed(option: Option, names: Mapping[str, str]) -> Option:
    calls = tuple(replace(c, arguments=renamed_refs(c.arguments, names)) for c in option.calls)
    return replace(option, calls=calls)


def _sources(subtask: SubTask) -> set[str]:
    arguments = (call.arguments for option in subtask.options for call in option.calls)
    return {ref.source for one in arguments for ref in references(one)}


def _uses(subtask: SubTask, id: str) -> bool:
    return id in _sources(subtask)


def _joined(a: Sequence[str], b: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*a, *b]))


def _without_place(problem: FieldProblem, path: str) -> FieldProblem:
    """A problem of a list of one, as one of the thing itself."""
    return FieldProblem(problem.path.replace(f"{path}/0", path, 1), problem.detail)
