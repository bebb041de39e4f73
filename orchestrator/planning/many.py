"""Single outputs put into lists where an argument takes many: the one mistake that is mended unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.domain.plan import INPUTS, PREVIOUS, REF, Call, Ref, SubTask, dig, is_ref, parse_ref
from orchestrator.planning.checks import Scene
from orchestrator.planning.fitting import MANY, NoSuchField, json_type, json_types, output_of, own_path


def as_lists(subtasks: Sequence[SubTask], scene: Scene) -> list[SubTask]:
    """The sub-tasks, with a reference to one thing in a list where its argument takes many."""
    by_id = {subtask.id: subtask for subtask in subtasks}
    return [_mended(subtask, by_id, scene) for subtask in subtasks]


def _mended(subtask: SubTask, by_id: Mapping[str, SubTask], scene: Scene) -> SubTask:
    options = []
    for option in subtask.options:
        calls = tuple(_call(call, by_id, scene) for call in option.calls)
        options.append(option if calls == option.calls else replace(option, calls=calls))
    return subtask if options == list(subtask.options) else replace(subtask, options=tuple(options))


def _call(call: Call, by_id: Mapping[str, SubTask], scene: Scene) -> Call:
    fields = scene.facts(call).inputs
    wrapped = {
        name: [value]
        for name, value in call.arguments.items()
        if MANY in fields.get(name, {}) and is_ref(value) and _is_one(value, by_id, scene)
    }
    return replace(call, arguments={**call.arguments, **wrapped}) if wrapped else call


def _is_one(value: Any, by_id: Mapping[str, SubTask], scene: Scene) -> bool:
    """Whether a reference is known to stand for something that is no list."""
    try:
        types = _types(parse_ref(value[REF]), by_id, scene)
    except (NoSuchField, KeyError, ValueError):
        return False
    return types is not None and "array" not in types


def _types(ref: Ref, by_id: Mapping[str, SubTask], scene: Scene) -> frozenset[str] | None:
    if ref.source == INPUTS:
        return frozenset([json_type(dig(scene.inputs, ref.path))])
    if ref.source == PREVIOUS:
        return None
    option = by_id[ref.source].options[0]
    return json_types(output_of(scene.facts(option.calls[-1]), own_path(option, ref.path)).schema)
