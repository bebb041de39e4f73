"""Arguments that a person puts in the place of planned ones: checked before they are taken."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from orchestrator.domain.plan import is_ref, references
from orchestrator.domain.step import Step, StepStatus
from orchestrator.errors import FieldProblem, Invalid
from tools.schemas import Schema
from tools.spec import Tool


def check_edits(
    tool: Tool,
    edits: Mapping[str, Any],
    *,
    of: Mapping[str, Any],
    known: Collection[str],
    at: str = "/edits",
) -> None:
    """Raises `Invalid` for what the tool does not take, or for a reference to what has not ended.

    `of` are the arguments that are edited, `known` the sub-tasks whose results may be referred to,
    `at` the place of the edits in the body of the request.
    """
    problems = [problem for name, value in edits.items() for problem in _faults(tool, name, value, known, at)]
    whole = {**of, **edits}
    if not problems and not _refers(whole):
        problems = [
            FieldProblem(f"{at}{path}", detail) for path, detail in Schema(tool.input_schema).faults(whole)
        ]
    if problems:
        raise Invalid("The edits do not fit the tool.", problems=problems)


def _faults(tool: Tool, name: str, value: Any, known: Collection[str], at: str) -> Iterable[FieldProblem]:
    fields = tool.input_schema.get("properties", {})
    here = f"{at}/{name}"
    if name not in fields and tool.input_schema.get("additionalProperties") is not True:
        yield FieldProblem(here, f"{tool.name} takes no argument {name!r}; {nearest(name, list(fields))}")
        return
    try:
        refs = list(references(value))
    except ValueError as error:
        yield FieldProblem(here, str(error))
        return
    for ref in refs:
        if ref.source not in known:
            what = f"{ref.source!r} has no result that stays"
            yield FieldProblem(here, f"{what}; {nearest(ref.source, sorted(known))}")
    if not refs or is_ref(value):
        faults = [] if refs else Schema(fields.get(name, {})).faults(value)
        yield from (FieldProblem(f"{here}{path}", detail) for path, detail in faults)


def _refers(arguments: Mapping[str, Any]) -> bool:
    """Whether some of it is known only when the call is made."""
    return any(True for _ in references(arguments))


def ended_subtasks(steps: Sequence[Step], *, without: Collection[int] = ()) -> set[str]:
    """The sub-tasks that have a result, but for those of the steps `without`."""
    return {
        step.subtask for step in steps if step.status is StepStatus.SUCCEEDED and step.id.idx not in without
    }


def nearest(name: str, known: Sequence[str]) -> str:
    """The names most like an unknown one, or all when none is."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"nearest: {', '.join(near)}"
    return f"there are: {', '.join(known[:20])}" if known else "there are none"
