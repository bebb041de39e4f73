"""Several grounded plans as one graph: sub-tasks that agree are shared, the others keep their plans."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.domain.plan import REF, Option, SubTask, is_ref, topological_order
from orchestrator.planning.grounding import Grounded
from orchestrator.planning.links import Conflicts


def merged(plans: Mapping[str, Grounded]) -> tuple[tuple[SubTask, ...], Conflicts]:
    """The sub-tasks of all plans, each with the names of the plans that hold it, and all conflicts.

    Two sub-tasks agree when they have the same job, the same calls with the same arguments, and
    need sub-tasks that agree. An id that two different sub-tasks have gets a number.
    """
    if len(plans) == 1:
        (name, only), *_ = plans.items()
        return tuple(replace(subtask, plans=(name,)) for subtask in only.subtasks), only.conflicts
    shared: dict[Any, SubTask] = {}
    labels: dict[str, list[str]] = {}
    conflicts: set[Any] = set()
    for plan, grounded in plans.items():
        names: dict[str, str] = {}
        for subtask in grounded.subtasks:
            renamed = _renamed(subtask, names)
            key = _key(renamed)
            if key not in shared:
                shared[key] = replace(renamed, id=_free(subtask.id, labels))
            names[subtask.id] = shared[key].id
            labels.setdefault(shared[key].id, []).append(plan)
        conflicts |= {((names[a], i), (names[b], j)) for (a, i), (b, j) in grounded.conflicts}
    by_id = {s.id: replace(s, plans=tuple(labels[s.id])) for s in shared.values()}
    order = topological_order({s.id: s.needs for s in by_id.values()})
    return tuple(by_id[id] for id in order), tuple(sorted(conflicts))


def renamed_refs(value: Any, names: Mapping[str, str]) -> Any:
    """Arguments in which references to sub-tasks follow their new ids."""
    if is_ref(value):
        source, dot, path = value[REF].partition(".")
        return {REF: f"{names.get(source, source)}{dot}{path}"}
    if isinstance(value, Mapping):
        return {key: renamed_refs(inner, names) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [renamed_refs(inner, names) for inner in value]
    return value


def _free(id: str, taken: Collection[str]) -> str:
    name, number = id, 2
    while name in taken:
        name, number = f"{id}_{number}", number + 1
    return name


def _renamed(subtask: SubTask, names: Mapping[str, str]) -> SubTask:
    def option(one: Option) -> Option:
        calls = tuple(replace(c, arguments=renamed_refs(c.arguments, names)) for c in one.calls)
        return replace(one, calls=calls)

    options = tuple(option(one) for one in subtask.options)
    return replace(subtask, options=options, needs=tuple(names.get(need, need) for need in subtask.needs))


def _key(subtask: SubTask) -> Any:
    """What two sub-tasks must have alike to be the same."""
    options = frozenset(_option_key(option) for option in subtask.options)
    return subtask.type, options, frozenset(subtask.needs)


def _option_key(option: Option) -> Any:
    calls = [[call.tool, call.version, call.arguments] for call in option.calls]
    return _frozen([calls, option.aliases, option.signature])


def _frozen(value: Any) -> Any:
    """A value as something that can be compared in a set."""
    if isinstance(value, Mapping):
        return frozenset((key, _frozen(inner)) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(inner) for inner in value)
    return (type(value).__name__, value)
