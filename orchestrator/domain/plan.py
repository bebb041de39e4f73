"""A plan: the sub-tasks of a request, what each needs, and every way known to do it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.errors import Invalid

#: A reference in arguments: `{"ref": "<subtask id>.<output field>[.path]"}`; "inputs" and "@" (the
#: call before in the same option) may stand in the place of a sub-task's id.
REF = "ref"
INPUTS = "inputs"
PREVIOUS = "@"

SUBTASK_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of an option, pinned to a version, with arguments bound to that tool's schema."""

    tool: str
    version: int
    hash: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Believed money (USD), tool-seconds and quality in (0, 1], with `n` observations behind it."""

    usd: float
    seconds: float
    quality: float
    n: float = 0.0


@dataclass(frozen=True, slots=True)
class Option:
    """One way to do a sub-task: a call, or a short chain of calls where types do not meet.

    `aliases` maps the output field names that other sub-tasks refer to onto this option's own
    field names, so that options with other names can replace each other. `signature` is what
    later sub-tasks can see of the choice.
    """

    id: str
    calls: tuple[Call, ...]
    estimate: Estimate
    signature: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubTask:
    """One planned piece of a request.

    `type` is the job (`summarise_text`), `words` the words of the request it came from, `needs` the
    sub-tasks that must end before it (those it refers to included).
    """

    id: str
    goal: str
    type: str
    options: tuple[Option, ...]
    needs: tuple[str, ...] = ()
    words: str = ""
    plans: tuple[str, ...] = ()
    #: Seconds that each call of it may take, from its first readiness to its end over all tries.
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a plan and its result; `detail` says what to do when it failed."""

    name: str
    passed: bool
    detail: str = ""


#: Who made a plan.
PlanSource = Literal["given", "offline", "llm", "edited"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Sub-tasks in an order in which none stands before what it needs.

    `quality` in (0, 1] is the share of the
    request's clauses that it covers times the planner's confidence; with several candidate plans
    merged, `plan_quality` has that figure for each by its id.
    """

    id: str
    subtasks: tuple[SubTask, ...]
    source: PlanSource
    request: str = ""
    quality: float = 1.0
    plan_quality: Mapping[str, float] = field(default_factory=dict)
    #: Pairs ((sub-task, signature), (sub-task, signature)) that do not fit together.
    conflicts: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()

    def subtask(self, id: str) -> SubTask:
        """The sub-task with that id. Raises KeyError."""
        for subtask in self.subtasks:
            if subtask.id == id:
                return subtask
        raise KeyError(id)


@dataclass(frozen=True, slots=True)
class Ref:
    """A parsed reference: `source` is a sub-task id, "inputs" or "@"; `path` the way into its output."""

    source: str
    path: tuple[str, ...]


def parse_ref(text: str) -> Ref:
    """`"a.result.rows"` → Ref("a", ("result", "rows")). Raises ValueError with what is wrong."""
    source, *path = text.split(".")
    if not source or not path or not all(path):
        raise ValueError(f"reference {text!r} is not of the form <subtask id>.<output field>[.path]")
    return Ref(source, tuple(path))


def is_ref(value: Any) -> bool:
    """Whether a value of the arguments is a reference and not a literal."""
    return isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(REF), str)


def references(value: Any) -> Iterator[Ref]:
    """All references inside arguments, in order. Raises ValueError for a malformed one."""
    if is_ref(value):
        yield parse_ref(value[REF])
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from references(inner)


def resolve(value: Any, lookup: Callable[[Ref], Any]) -> Any:
    """`value` with each reference replaced by what `lookup` answers for it."""
    if is_ref(value):
        return lookup(parse_ref(value[REF]))
    if isinstance(value, Mapping):
        return {key: resolve(inner, lookup) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(inner, lookup) for inner in value]
    return value


def dig(value: Any, path: tuple[str, ...]) -> Any:
    """The value at `path` inside mappings and lists (by number). Raises KeyError naming what is missing."""
    for part in path:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(part)
    return value


def resolve_inputs(arguments: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`arguments` with references to the run's own inputs replaced; others stay. Raises `Invalid`."""

    def lookup(ref: Ref) -> Any:
        if ref.source != INPUTS:
            return {REF: ".".join([ref.source, *ref.path])}
        try:
            return dig(inputs, ref.path)
        except KeyError as error:
            raise Invalid(f"the run has no input {'.'.join(ref.path)!r}") from error

    resolved: dict[str, Any] = resolve(arguments, lookup)
    return resolved


def topological_order(needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Ids so that none stands before what it needs, stable in the given order.

    Raises ValueError naming the ids of a cycle. Needs outside `needs` are ignored.
    """
    order: list[str] = []
    state: dict[str, int] = {}
    for root in needs:
        stack = [(root, iter(needs[root]))] if root not in state else []
        if stack:
            state[root] = 1
        while stack:
            node, rest = stack[-1]
            step = next((n for n in rest if n in needs and state.get(n) != 2), None)
            if step is None:
                state[node] = 2
                order.append(node)
                stack.pop()
            elif state.get(step) == 1:
                cycle = [n for n, _ in stack][[n for n, _ in stack].index(step) :]
                raise ValueError("these sub-tasks wait for each other: " + " → ".join([*cycle, step]))
            else:
                state[step] = 1
                stack.append((step, iter(needs[step])))
    return order
