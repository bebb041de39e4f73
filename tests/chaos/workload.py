"""Runs with known ends: their plans, what a person does meanwhile, and what must come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.toolserver import ToolServer

_NUMBER = {"type": "number"}
_INPUT = {
    "type": "object",
    "properties": {
        "mark": {"type": "string"},
        "xs": {"type": "array", "items": _NUMBER},
        "ms": _NUMBER,
    },
    "required": ["mark"],
}
_OUTPUT = {
    "type": "object",
    "properties": {"value": _NUMBER, "call": {"type": "integer"}, "score": {"type": "number"}},
    "required": ["value", "call"],
}
_SCORED = _OUTPUT | {"properties": _OUTPUT["properties"] | {"score": {"type": "number", "x-quality": True}}}  # type: ignore[operator]

#: The tool whose calls may begin ahead of their claims.
READING = "chaos_work"
ENDS = frozenset({"succeeded", "failed", "cancelled"})


#: How a person answers, by the kind of question; "honest" says of a call what its tool's log says.
ANSWERS: Mapping[str, Any] = {"plan_approval": True, "value": "lighthouse", "repeat_once": "honest"}


@dataclass(frozen=True)
class Act:
    """What a person does once the run has a status: `verb` is a route of the run."""

    when: str
    verb: str
    body: Mapping[str, Any] | None = None
    before: Callable[[ToolServer], None] | None = None


@dataclass(frozen=True)
class Case:
    """One run: `ends` are the statuses it may end with, `values` what each sub-task must have given.

    `acts` are done in their order, and questions are answered once they are done.
    """

    name: str
    body: Mapping[str, Any]
    ends: frozenset[str] = frozenset({"succeeded"})
    acts: Sequence[Act] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    #: Error codes that a failed end may have.
    codes: frozenset[str] = frozenset()
    answers: Mapping[str, Any] = field(default_factory=lambda: ANSWERS)
    #: Whether it is followed over the stream of events.
    followed: bool = False


def tools(server: ToolServer) -> list[dict[str, Any]]:
    """What is registered; every HTTP tool answers a number and the number of its call."""

    def http(name: str, **more: Any) -> dict[str, Any]:
        return {
            "name": f"chaos_{name}",
            "summary": f"Scripted HTTP tool {name}.",
            "kind": "http",
            "input_schema": _INPUT,
            "output_schema": _OUTPUT,
            "effect": "idempotent",
            "limits": {"timeout": 30},
            "http": {"method": "POST", "url": f"{server.url}/{name}"},
        } | more

    def believed(quality: float) -> list[dict[str, Any]]:
        return [{"subtask_type": "*", "quality": quality, "seconds": 0.1, "n": 5}]

    mend = {"does": ["chaos_mend"]}
    raise_ = {"does": ["chaos_raise"]}
    return [
        http("work", effect="read"),
        http("once", effect="once"),
        http("paid", price={"per_call": "0.01"}),
        http("storm"),
        http("closed"),
        http("broken", believed=believed(0.95), **mend),
        http("mend", believed=believed(0.7), **mend),
        http("poor", output_schema=_SCORED, believed=believed(0.95), **raise_),
        http("good", output_schema=_SCORED, believed=believed(0.7), **raise_),
        _python("slow_add", "tools.testing_functions:slow_add", "loop"),
        _python("slow_add_in_process", "tools.testing_functions:slow_add_in_process", "process"),
        {
            "name": "chaos_kill_worker",
            "summary": "Kills the worker that calls it.",
            "kind": "python",
            "runs": "loop",
            "effect": "idempotent",
            "input_schema": {
                "type": "object",
                "properties": {"deaths_file": {"type": "string"}, "deaths": {"type": "integer"}},
                "required": ["deaths_file", "deaths"],
            },
            "output_schema": {"type": "object", "properties": {"value": _NUMBER}},
            "python": {"function": "tests.chaos.functions:kill_worker"},
        },
    ]


def _python(name: str, function: str, runs: str) -> dict[str, Any]:
    return {
        "name": f"chaos_{name}",
        "summary": f"Scripted function {name}.",
        "kind": "python",
        "runs": runs,
        "input_schema": {
            "type": "object",
            "properties": {"x": _NUMBER, "y": _NUMBER, "seconds": _NUMBER},
            "required": ["x"],
        },
        "output_schema": {"type": "object", "properties": {"sum": _NUMBER}, "required": ["sum"]},
        "python": {"function": function},
    }


@dataclass
class Graph:
    """A given plan under construction, with the values that its sub-tasks must give."""

    label: str
    subtasks: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)

    def add(self, id: str, *needs: str, tool: str | None = "work", ms: int = 60, **more: Any) -> Graph:
        """A sub-task that adds up what it needs, and 1."""
        xs = [{"ref": f"{need}.value"} for need in needs]
        arguments = {"mark": f"{self.label}/{id}", "xs": xs, "ms": ms}
        named = {} if tool is None else {"tool": f"chaos_{tool}"}
        self.subtasks.append({"id": id, "arguments": arguments, "needs": list(needs)} | named | more)
        self.values[id] = sum(self.values[need] for need in needs) + 1
        return self

    def case(self, **more: Any) -> Case:
        body = {"plan": {"subtasks": self.subtasks}} | more.pop("body", {})
        return Case(self.label, body, values=more.pop("values", self.values), **more)


def chain(label: str, length: int, *, ms: int = 60, **more: Any) -> Case:
    """Steps one after another."""
    graph = Graph(label)
    for n in range(length):
        graph.add(f"s{n}", *([f"s{n - 1}"] if n else []), ms=ms)
    return graph.case(**more)


def fan(label: str, width: int, *, ms: int = 100, tool: str = "work", **more: Any) -> Case:
    """One step, many beside one another, and one that adds them up."""
    graph = Graph(label).add("first", ms=ms)
    for n in range(width):
        graph.add(f"w{n}", "first", ms=ms, tool=tool)
    return graph.add("last", *(f"w{n}" for n in range(width)), ms=ms).case(**more)


def layers(label: str, depth: int, width: int, *, ms: int = 60, **more: Any) -> Case:
    """Each step needs two of the layer above."""
    graph = Graph(label)
    for level in range(depth):
        for n in range(width):
            needs = [f"l{level - 1}n{n}", f"l{level - 1}n{(n + 1) % width}"] if level else []
            graph.add(f"l{level}n{n}", *needs, ms=ms)
    return graph.case(**more)


def functions(label: str) -> Case:
    """Python functions on the loop and in processes."""
    subtasks: list[dict[str, Any]] = []
    for n in range(4):
        x: Any = {"ref": f"f{n - 1}.sum"} if n else 0
        tool = "chaos_slow_add_in_process" if n % 2 else "chaos_slow_add"
        subtasks.append({"id": f"f{n}", "tool": tool, "arguments": {"x": x, "y": 1, "seconds": 0.08}})
    return Case(label, {"plan": {"subtasks": subtasks}})


def once(label: str, *, ms: int = 150) -> Case:
    """A call that must not be repeated, as a leaf."""
    graph = Graph(label).add("a").add("b", "a", tool="once", ms=ms)
    return graph.case(values={"a": 1})


def paid(label: str, calls: int, *, budget: str, **more: Any) -> Case:
    """Calls of a cent each beside one another, under a budget."""
    graph = Graph(label)
    for n in range(calls):
        graph.add(f"p{n}", tool="paid", ms=150)
    return graph.case(body={"budget": {"usd": budget}}, **more)


def words(label: str, request: str = "What is 17.5% of 2340?", **more: Any) -> Case:
    """A request in words for the offline planner."""
    return Case(label, {"request": request, "planner": "offline"}, **more)


def repaired(label: str) -> Case:
    """The best believed tool is broken, so another is chosen while the run is under way."""
    graph = Graph(label).add("a").add("b", "a", tool=None, goal="chaos mend the number", ms=100)
    chosen = {"include": ["chaos_work", "chaos_broken", "chaos_mend"]}
    return graph.add("c", "b").case(body={"tools": chosen})


def poor(label: str, *tools: str, **more: Any) -> Case:
    """The best believed tool scores its own work below the gate, twice."""
    graph = Graph(label).add("a", tool=None, goal="chaos raise the number", ms=80)
    return graph.add("b", "a").case(body={"tools": {"include": ["chaos_work", *tools]}}, **more)


def _open_up(server: ToolServer) -> None:
    server.behaviour.open = True


def mix(wave: str, hook: str) -> list[Case]:
    """One of each: every move that the workload can reach lies on the way of one of them."""
    return [*_done(wave, hook), *_failing(wave), *_steered(wave)]


def _done(wave: str, hook: str) -> list[Case]:
    """Runs that go their way by themselves."""
    return [
        chain(f"{wave}-chain", 5, followed=True),
        fan(f"{wave}-fan", 6, followed=True),
        layers(f"{wave}-layers", 3, 3),
        functions(f"{wave}-functions"),
        once(f"{wave}-once"),
        paid(f"{wave}-paid", 4, budget="0.20"),
        words(f"{wave}-words"),
        words(f"{wave}-keywords", "Find the keywords of this text: Keepers tend the lamps in every storm."),
        words(f"{wave}-asked", "Make a QR code"),
        repaired(f"{wave}-repaired"),
        poor(f"{wave}-low-quality", "chaos_poor", "chaos_good"),
        Graph(f"{wave}-storm").add("a", tool="storm").add("b", "a").case(),
        chain(f"{wave}-approved", 2, body={"mode": "approve"}),
        chain(f"{wave}-hooked", 2, body={"webhook_url": hook}),
    ]


def _failing(wave: str) -> list[Case]:
    """Runs that come to a bad end, as they should."""
    failed, cancelled = frozenset({"failed"}), frozenset({"cancelled"})
    broke = frozenset({"budget_too_small", "budget_exhausted"})
    # Once the service has seen how slow the tools are it refuses the time limit when it plans.
    slow = frozenset({"deadline_exceeded", "budget_too_small"})
    late: dict[str, Any] = {"ends": failed, "codes": slow, "values": {}}
    soon = {"budget": {"seconds": 4}}
    return [
        # A lost call is charged at its worst, so a purse that just suffices may be empty before the end.
        paid(f"{wave}-tight", 5, budget="0.05", ends=failed | {"succeeded"}, codes=broke),
        paid(
            f"{wave}-too-small", 5, budget="0.03", ends=failed, values={}, codes=broke,
            acts=[Act("failed", "retry", {})],
        ),
        chain(f"{wave}-late", 4, ms=2500, body=soon, **late),
        chain(f"{wave}-unanswered", 2, body=soon | {"mode": "approve"}, answers={}, **late),
        chain(f"{wave}-paused-late", 3, ms=1200, body=soon, acts=[Act("running", "pause")], **late),
        chain(
            f"{wave}-refused", 2, body={"mode": "approve"}, answers={"plan_approval": False}, ends=cancelled
        ),
        chain(
            f"{wave}-cancelled", 3, ms=1500, ends=cancelled, values={}, acts=[Act("running", "cancel")]
        ),
        poor(
            f"{wave}-too-poor", "chaos_poor", ends=failed, codes=frozenset({"low_quality"}), values={},
            acts=[Act("failed", "retry", {})],
        ),
        Graph(f"{wave}-cancelled-pausing").add("a", tool="storm").case(
            ends=cancelled, values={}, acts=[Act("running", "cancel")]
        ),
        chain(f"{wave}-unstarted", 2, body={"mode": "plan"}, ends=cancelled, acts=[Act("planned", "cancel")]),
        chain(
            f"{wave}-paused-for-good", 3, ms=1200, ends=cancelled, values={},
            acts=[Act("running", "pause"), Act("paused", "cancel")],
        ),
    ]  # fmt: skip


def _steered(wave: str) -> list[Case]:
    """Runs that a person stops, starts and has done again."""
    closed = Graph(f"{wave}-closed").add("a").add("b", "a", tool="closed").add("c", "b")
    whole = Graph(f"{wave}-closed-whole").add("a").add("b", "a", tool="closed")
    beside = Graph(f"{wave}-closed-beside").add("a", tool="storm").add("b", tool="closed", ms=400)
    early: dict[str, Any] = {"ends": frozenset({"succeeded", "cancelled"}), "values": {}}
    again = Act("succeeded", "retry", {"from_step": "s1"})
    return [
        chain(f"{wave}-planned", 2, body={"mode": "plan"}, acts=[Act("planned", "resume")]),
        chain(f"{wave}-paused", 4, ms=700, acts=[Act("running", "pause"), Act("paused", "resume")]),
        chain(
            f"{wave}-asked-paused", 2, body={"mode": "approve"},
            acts=[Act("needs_input", "pause"), Act("paused", "resume")],
        ),
        closed.case(acts=[Act("failed", "retry", {}, before=_open_up)]),
        whole.case(acts=[Act("failed", "retry", {"from_step": "a"}, before=_open_up)]),
        beside.case(acts=[Act("failed", "retry", {}, before=_open_up)]),
        chain(f"{wave}-again", 3, acts=[again]),
        chain(
            f"{wave}-revived", 3, ms=1000, acts=[Act("running", "cancel"), Act("cancelled", "retry", {})]
        ),
        chain(
            f"{wave}-early", 2, acts=[Act("planning", "cancel"), Act("cancelled", "retry", {})], **early
        ),
        chain(f"{wave}-early-pause", 2, acts=[Act("planning", "pause"), Act("paused", "resume")]),
    ]  # fmt: skip


def cut_off(wave: str) -> list[Case]:
    """Calls that must not be repeated, one for each answer of a person when their worker has gone."""

    def case(name: str, answer: str, **more: Any) -> Case:
        answers = {"repeat_once": answer}
        return Graph(f"{wave}-{name}").add("a", tool="once").case(answers=answers, values={}, **more)

    skipped = Graph(f"{wave}-skipped").add("a", tool="once").add("b")
    skipped.subtasks[1]["needs"] = ["a"]
    # The lost call is charged at its worst; the other call of the two holds the rest for a while.
    purse = Graph(f"{wave}-purse").add("a", tool="paid").add("slow", ms=10_500)
    purse.add("p", "slow", tool="paid", ms=3_000)
    ends, codes = frozenset({"failed", "succeeded"}), frozenset({"budget_exhausted", "budget_too_small"})
    return [
        purse.case(body={"budget": {"usd": "0.02"}}, ends=ends, codes=codes),
        case("repeated", "repeat"),
        skipped.case(answers={"repeat_once": "skip"}, values={}),
        case("given-up", "fail", ends=frozenset({"failed"}), codes=frozenset({"not_repeated"})),
    ]
