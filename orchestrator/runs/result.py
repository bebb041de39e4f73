"""The result of a run: the outputs of the sub-tasks that nothing else needs, and the words that answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.plan import Plan
from orchestrator.domain.step import Step, StepStatus
from orchestrator.domain.views import RunView

_DONE = frozenset({StepStatus.SUCCEEDED, StepStatus.LOW_QUALITY})
_PREVIEW = 500
#: A code of a language, such as es or pt-BR.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?")
_PREVIEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class ResultOutput:
    """One output: `value`, or the `artifact` that holds it (then with `file_name` and `size` in bytes)."""

    name: str
    subtask: str
    media_type: str
    preview: str
    value: Any = None
    artifact: str | None = None
    file_name: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """`text` answers the request in words; `outputs` are in the order of the plan."""

    text: str
    outputs: tuple[ResultOutput, ...]


def result_of(view: RunView) -> Result | None:
    """What the run has yielded so far; None while no final sub-task has ended."""
    last = _last_steps(view.steps)
    if view.plan is None or not last:
        return None
    needs = {subtask.id: subtask.needs for subtask in view.plan.plan.subtasks}
    sinks = [id for id in _sinks(view.plan.plan) if id in last]
    outputs = [output for id in sinks for output in _outputs(last[id])]
    if not outputs:
        return None
    return Result(_words(sinks, last, needs), tuple(outputs))


def _sinks(plan: Plan) -> list[str]:
    needed = {need for subtask in plan.subtasks for need in subtask.needs}
    return [subtask.id for subtask in plan.subtasks if subtask.id not in needed]


def _last_steps(steps: Iterable[Step]) -> dict[str, Step]:
    """Of each sub-task the finished step whose output is the sub-task's: the last call of its option."""
    last: dict[str, Step] = {}
    of_subtask = {step.id.idx: step.subtask for step in steps}
    for step in sorted(steps, key=lambda step: step.id.idx):
        inner = any(of_subtask.get(child) == step.subtask for child in step.children)
        if step.status in _DONE and step.output is not None and not inner:
            last[step.subtask] = step
    return last


def _outputs(step: Step) -> list[ResultOutput]:
    return [_output(step.subtask, name, value) for name, value in (step.output or {}).items()]


def _output(subtask: str, name: str, value: Any) -> ResultOutput:
    if _is_file(value):
        media_type, file_name = str(value.get("media_type", "")), str(value.get("name", name))
        return ResultOutput(
            name,
            subtask,
            media_type,
            _of_file(value),
            artifact=str(value["artifact"]),
            file_name=file_name,
            size=value.get("size"),
        )
    media_type = "text/plain" if isinstance(value, str) else "application/json"
    return ResultOutput(name, subtask, media_type, _cut(_worded(value)), value=value)


def _words(sinks: Sequence[str], last: Mapping[str, Step], needs: Mapping[str, Sequence[str]]) -> str:
    """The words of the final outputs; of one that is a file, the words that the file was made of."""
    told = [words for id in sinks if (words := _told_by(id, last, needs))]
    files = [_of_file(v) for id in sinks for v in (last[id].output or {}).values() if _is_file(v)]
    return "\n\n".join(dict.fromkeys([*told, *files]))


def _told_by(id: str, last: Mapping[str, Step], needs: Mapping[str, Sequence[str]]) -> str:
    own = _words_of(last[id])
    if own and not any(_is_file(value) for value in (last[id].output or {}).values()):
        return own
    level, seen = list(needs.get(id, ())), {id}
    while level:
        told = [words for near in level if near in last and (words := _words_of(last[near]))]
        if told:
            return "\n\n".join(told)
        seen.update(level)
        level = list(dict.fromkeys(far for near in level for far in needs.get(near, ()) if far not in seen))
    return own


def _words_of(step: Step) -> str:
    """Text before tables, tables before numbers: what a person would read first."""
    values = [value for value in (step.output or {}).values() if not _is_file(value)]
    made_file = len(values) < len(step.output or {})
    texts = _telling([value for value in values if isinstance(value, str) and value.strip()], made_file)
    tables = [value for value in values if _is_table(value)]
    # Beside a file, numbers and lists only describe it.
    rest = [] if made_file else [value for value in values if value not in (None, "", [], {})]
    chosen = texts or tables or rest
    return "\n\n".join(_worded(value) for value in chosen)


def _telling(texts: Sequence[str], made_file: bool) -> Sequence[str]:
    """The texts that say something: the code of a language beside another text, or a file, does not."""
    telling = [text for text in texts if not _LANGUAGE.fullmatch(text)]
    return telling or ([] if made_file else texts[:1])


def _worded(value: Any) -> str:
    if isinstance(value, str):
        return value
    if _is_table(value):
        return _of_table(value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, list):
        joint = "\n\n" if any(isinstance(item, (dict, list)) for item in value) else ", "
        return joint.join(_worded(item) for item in value[:_PREVIEW_ROWS])
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_worded(inner)}" for key, inner in value.items())
    return _plain(value)


def _plain(value: Any) -> str:
    """A sum as people write it: 15649.03, where a computer has 15649.029999999999."""
    return str(float(f"{value:.15g}")) if isinstance(value, float) else str(value)


def _of_table(table: Mapping[str, Any]) -> str:
    rows = [table["columns"], *table["rows"][:_PREVIEW_ROWS]]
    lines = [" | ".join("" if cell is None else _plain(cell) for cell in row) for row in rows]
    more = len(table["rows"]) - _PREVIEW_ROWS
    return "\n".join([*lines, f"… and {more} more rows"] if more > 0 else lines)


def _of_file(value: Mapping[str, Any]) -> str:
    size = value.get("size")
    return f"{value.get('name', 'file')} ({value.get('media_type', 'file')}" + (
        f", {size:,} bytes)" if isinstance(size, int) else ")"
    )


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("artifact"), str)


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("columns"), list)
        and isinstance(value.get("rows"), list)
    )


def _cut(text: str) -> str:
    return text if len(text) <= _PREVIEW else text[: _PREVIEW - 1] + "…"
