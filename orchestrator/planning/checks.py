"""The checks a plan passes before it runs, each with what to do when it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.domain.plan import (
    INPUTS,
    PREVIOUS,
    Call,
    Check,
    Option,
    Ref,
    SubTask,
    dig,
    is_ref,
    parse_ref,
    references,
    topological_order,
)
from orchestrator.errors import FieldProblem, PlanRejected
from orchestrator.planning.fitting import (
    NoSuchField,
    Source,
    Target,
    literal_source,
    mismatch,
    output_of,
    target_of,
)
from orchestrator.planning.toolset import ToolFacts, Toolset
from tools.spec import Tool

KNOWN_TOOLS = "known_tools"
ACYCLIC = "acyclic"
REFERENCES = "references"
REQUIRED = "required_arguments"
ARGUMENTS = "arguments_valid"
TYPES = "types_meet"
CLAUSES = "clauses_covered"
#: Of a model's reply that is no plan at all; it has no row of its own.
REPLY = "reply"
NAMES = (KNOWN_TOOLS, ACYCLIC, REFERENCES, REQUIRED, ARGUMENTS, TYPES, CLAUSES)

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: by which check, where (a JSON pointer), and what to do."""

    check: str
    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What a plan is checked against: the tools, the run's inputs, and where its parts were written.

    `media_types` are those of the artifacts at hand, by id. `root` is the JSON pointer of the list
    of sub-tasks and `positions` their places in it, for messages. `pinned` are tool versions that
    the plan holds and that are no longer the newest.
    """

    tools: Toolset
    inputs: Mapping[str, Any] = field(default_factory=dict)
    media_types: Mapping[str, str] = field(default_factory=dict)
    root: str = "/subtasks"
    positions: Mapping[str, int] = field(default_factory=dict)
    pinned: Mapping[tuple[str, int], Tool] = field(default_factory=dict)

    def at(self, subtask: str, *parts: str | int) -> str:
        """The JSON pointer of a part of a sub-task."""
        place = self.positions.get(subtask, subtask)
        return "".join([self.root, *(f"/{escaped(part)}" for part in (place, *parts))])

    def facts(self, call: Call) -> ToolFacts:
        """What is known of the tool that a call is pinned to."""
        tool = self.pinned.get((call.tool, call.version)) or self.tools.get(call.tool)
        assert tool is not None, f"{call.tool} was pinned without being known"
        return self.tools.facts(tool)


@dataclass(frozen=True, slots=True)
class Bound:
    """A reference inside the arguments of a call: where it stands and what the place takes."""

    ref: Ref
    target: Target
    path: tuple[str | int, ...]


def escaped(part: str | int) -> str:
    """One part of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def check_rows(findings: Sequence[Finding], *, uncovered: Sequence[str] = ()) -> tuple[Check, ...]:
    """One row a check; a failed one says where and what to do."""
    found = [*findings, *(Finding(CLAUSES, "", f"no sub-task serves {clause!r}") for clause in uncovered)]
    rows = []
    for name in NAMES:
        mine = [f"{one.path}: {one.detail}".removeprefix(": ") for one in found if one.check == name]
        rows.append(Check(name, not mine, "; ".join(mine[:_SHOWN])))
    return tuple(rows)


def rejection(findings: Sequence[Finding], *, ids: Sequence[str] = ()) -> PlanRejected:
    """The error that names every finding; `ids` are the sub-tasks in the order of the findings' pointers."""
    problems = [FieldProblem(one.path, one.detail, subtask=_subtask_of(one.path, ids)) for one in findings]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    first = f"{problems[0].path}: {problems[0].detail}".removeprefix(": ")
    if findings[0].check == REPLY:
        message = f"The language model sent no plan that can be read: {first}. Try planner 'offline'."
        return PlanRejected(message, problems=problems)
    return PlanRejected(f"The plan does not pass its checks: {first}{more}", problems=problems)


def _subtask_of(path: str, ids: Sequence[str]) -> str | None:
    """The sub-task that a pointer leads into."""
    _, _, place = path.partition("subtasks/")
    number = place.partition("/")[0]
    return ids[int(number)] if number.isdigit() and int(number) < len(ids) else None


# --- the shape of the graph ---------------------------------------------------------------------


def dangling(subtasks: Sequence[SubTask], scene: Scene) -> list[Finding]:
    """Needs and references that name nothing."""
    ids = {subtask.id for subtask in subtasks}
    found: list[Finding] = []
    for subtask in subtasks:
        for place, need in enumerate(subtask.needs):
            if need not in ids:
                where = scene.at(subtask.id, "needs", place)
                found.append(Finding(REFERENCES, where, f"there is no sub-task {need!r}{_known(ids)}"))
        for option in subtask.options:
            found += _dangling(subtask, option, ids, scene)
    return found


def _dangling(subtask: SubTask, option: Option, ids: set[str], scene: Scene) -> Iterator[Finding]:
    for part, call in enumerate(option.calls):
        for name, value in call.arguments.items():
            for detail in _details(value, subtask, part, ids, scene):
                yield Finding(REFERENCES, scene.at(subtask.id, "arguments", name), detail)


def _details(value: Any, subtask: SubTask, part: int, ids: set[str], scene: Scene) -> list[str]:
    try:
        return [wrong for ref in references(value) if (wrong := _wrong(ref, subtask, part, ids, scene))]
    except ValueError as error:
        return [str(error)]


def _wrong(ref: Ref, subtask: SubTask, part: int, ids: set[str], scene: Scene) -> str | None:
    if ref.source == INPUTS:
        name = ref.path[0]
        return None if name in scene.inputs else f"the run has no input {name!r}{_known(scene.inputs)}"
    if ref.source == PREVIOUS:
        return None if part else "'@' is the call before in the same option, and there is none"
    if ref.source == subtask.id:
        return "a sub-task cannot use its own output"
    return None if ref.source in ids else f"there is no sub-task {ref.source!r}{_known(ids)}"


def in_order(subtasks: Sequence[SubTask], scene: Scene) -> tuple[list[SubTask], list[Finding]]:
    """The sub-tasks so that none stands before what it needs, or the circle in which they wait."""
    by_id = {subtask.id: subtask for subtask in subtasks}
    try:
        order = topological_order({subtask.id: subtask.needs for subtask in subtasks})
    except ValueError as error:
        first = str(error).partition(": ")[2].partition(" ")[0]
        return [], [Finding(ACYCLIC, scene.at(first, "needs"), f"{error}: take one of these needs away")]
    return [by_id[id] for id in order], []


def _known(names: Any) -> str:
    return f"; there are: {', '.join(sorted(names)[:12])}" if names else ""


# --- the arguments of one option ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """One argument of a call of an option, and the call before it in the same option."""

    scene: Scene
    subtask: str
    facts: ToolFacts
    name: str
    before: Call | None = None

    def at(self, path: Sequence[str | int] = ()) -> str:
        """The JSON pointer of the argument, or of a part of it."""
        return self.scene.at(self.subtask, "arguments", self.name, *path)

    def source_of(self, value: Any) -> Source:
        """What is known of a value at hand."""
        return literal_source(value, media_types=self.scene.media_types)


def option_findings(subtask: SubTask, option: Option, scene: Scene) -> list[Finding]:
    """What is wrong with an option's own arguments: missing, unknown, or not of their schema."""
    found: list[Finding] = []
    for part, call in enumerate(option.calls):
        facts = scene.facts(call)
        before = option.calls[part - 1] if part else None
        for name in facts.required:
            if name not in call.arguments:
                where = scene.at(subtask.id, "arguments")
                found.append(Finding(REQUIRED, where, f"{call.tool} needs the argument {name!r}"))
        for name, value in call.arguments.items():
            found += _argument(Place(scene, subtask.id, facts, name, before), value)
    return found


def _argument(place: Place, value: Any) -> Iterator[Finding]:
    facts = place.facts
    if place.name not in facts.inputs:
        if not facts.open_inputs:
            detail = f"{facts.tool.name} has no argument {place.name!r}{_known(facts.inputs)}"
            yield Finding(ARGUMENTS, place.at(), detail)
        return
    bound = list(bindings(value, target_of(facts, place.name)))
    if not bound:
        yield from _literal(place, value)
    for one in bound:
        if one.ref.source == INPUTS:
            yield from _input(place, one)
        elif one.ref.source == PREVIOUS and place.before is not None:
            yield from _chained(place, one, place.before)


def _literal(place: Place, value: Any) -> Iterator[Finding]:
    faults = place.facts.faults(place.name, value)
    for inner, sentence in faults[:_SHOWN]:
        yield Finding(ARGUMENTS, place.at() + inner, sentence)
    if not faults and isinstance(value, Mapping) and "artifact" in value:
        reason = mismatch(place.source_of(value), target_of(place.facts, place.name))
        if reason:
            yield Finding(TYPES, place.at(), reason)


def _input(place: Place, one: Bound) -> Iterator[Finding]:
    try:
        value = dig(place.scene.inputs, one.ref.path)
    except KeyError as missing:
        detail = f"the run's inputs hold nothing at {'.'.join(one.ref.path)!r}: {missing} is missing"
        yield Finding(REFERENCES, place.at(one.path), detail)
        return
    if not one.path:
        yield from _literal(place, value)
    elif reason := mismatch(place.source_of(value), one.target):
        yield Finding(TYPES, place.at(one.path), reason)


def _chained(place: Place, one: Bound, before: Call) -> Iterator[Finding]:
    try:
        reason = mismatch(output_of(place.scene.facts(before), one.ref.path), one.target)
    except NoSuchField as error:
        detail = f"{before.tool} gives no {error.field!r}{_known(error.known)}"
        yield Finding(REFERENCES, place.at(one.path), detail)
        return
    if reason:
        yield Finding(TYPES, place.at(one.path), reason)


def bindings(value: Any, target: Target, path: tuple[str | int, ...] = ()) -> Iterator[Bound]:
    """The references inside an argument, each with what its place takes. Malformed ones raise ValueError."""
    if is_ref(value):
        yield Bound(parse_ref(value["ref"]), target, path)
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            yield from bindings(inner, target.item, (*path, place))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from bindings(inner, target.field(key), (*path, key))


def without_failing(subtask: SubTask, scene: Scene) -> tuple[SubTask, list[Finding]]:
    """The sub-task without the options that fail; when all fail, what is wrong with the first."""
    judged = [(option, option_findings(subtask, option, scene)) for option in subtask.options]
    good = tuple(option for option, found in judged if not found)
    if len(good) == len(judged):
        return subtask, []
    if good:
        return replace(subtask, options=good), []
    return subtask, judged[0][1]
