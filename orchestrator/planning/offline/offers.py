"""Offers: everything that could fill an input of a job, with what taking it would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.planning.offline.bridges import Bridges, renders
from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.flow import Flow, Node, Source
from orchestrator.planning.offline.jobs import (
    Job,
    input_types,
    main_output,
    material_inputs,
    outputs,
    properties,
    required,
)
from orchestrator.planning.offline.mentions import names_input, points_at
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.values import Value
from orchestrator.planning.offline.wanted import Wanted
from tools.spec import Tool

#: Base costs: what stands among the job's own words comes first, what nobody spoke of last.
_OWN, _OWN_INPUT, _OTHER_INPUT, _OTHER_VALUE = -1.2, -0.6, 0.25, 0.3
#: Share of what ranks a source that it adds to the plan's cost: being sure of one is no reward.
_SHARE = 0.4
#: What was used before, what newer results stand after, and what is not a job's main output.
_USED, _USED_BRIDGE, _STALE, _SIDE = 0.35, 0.05, 0.1, 1.0
_REFERRED = -0.8
_SHARED, _SPOKEN_FOR = 1.5, 1.0
_ASKED = 0.6
#: An input that an earlier job has used comes after what was made of it.
_NAMED_AGAIN, _LOOSELY = 0.15, 0.6
_SAME_NAME, _RESERVED, _REREAD = -0.25, 0.6, 1.5
MATERIAL_KINDS = ("url", "quote")


@dataclass(frozen=True, slots=True)
class Offer:
    """A source and the jobs that make of it what an input takes; `root` is what it all began with."""

    #: By which offers are ranked, and what the chosen one adds to the cost of the flow.
    cost: float
    price: float
    source: Source
    bridge: tuple[Job, ...]
    root: tuple[object, ...]

    @property
    def end_type(self) -> str:
        """The type at the end of the bridge."""
        return main_output(self.bridge[-1].lead)[1] if self.bridge else self.source.type

    @property
    def place(self) -> tuple[int, int]:
        """Where the source stands: by nodes, then by the text."""
        return (self.source.node, self.source.value.start if self.source.value else 0)


@dataclass(frozen=True, slots=True)
class Offers:
    """Finds offers for the instances of one reading."""

    wanted: Sequence[Wanted]
    tokens: Sequence[Token]
    values: Sequence[Value]
    attached: Mapping[str, AttachedInput]
    bridges: Bridges

    def find(self, flow: Flow, number: int, name: str) -> list[Offer]:
        """Everything that could fill input `name` of instance `number`, best first."""
        job = self.wanted[number].job
        found: list[Offer] = []
        bases: dict[tuple[object, ...], float] = {}
        for base, source in self._given(flow, number):
            bases[source.key] = base
            media = source.value.more.get("media", "") if source.value else ""
            bridge = self.bridges.between(source.type, job, name, media=media)
            if bridge is not None:
                found.append(_offer(base, source, bridge, source.key))
        for base, source in self._made(flow, number, name, bases):
            maker = flow.nodes[source.node]
            bridge = self.bridges.between(source.type, job, name, maker=maker.job)
            if bridge is not None:
                found.append(_offer(base, source, bridge, maker.root or source.key))
        return sorted(found, key=lambda one: (one.cost, str(one.source.key)))

    def _given(self, flow: Flow, number: int) -> list[tuple[float, Source]]:
        """Values of the request and attached inputs, each with its base cost and under each of its types."""
        wanted = self.wanted[number]
        own = {token.start for token in wanted.tokens(self.tokens)}
        others = (one for one in self.wanted if one is not wanted and _needs_words(one.job.lead))
        theirs = {token.start for one in others for token in one.tokens(self.tokens)}
        found = []
        for value in self.values:
            if value.kind not in MATERIAL_KINDS:
                continue
            for kind in value.types:
                source = Source("literal", kind, value=value)
                asked = value.kind == "quote" and _needs_words(wanted.job.lead)
                base = _ASKED if asked else _OWN if value.start in own else _OTHER_VALUE
                base += _SPOKEN_FOR if value.kind == "quote" and value.start in theirs else 0.0
                found.append((base + (_USED if flow.used.get(source.key) else 0.0), source))
        named = self._named_inputs(wanted)
        for one in self.attached.values():
            for place, kind in enumerate(one.types):
                source = Source("input", kind, name=one.name)
                base = _OWN_INPUT if one.name in named else _OTHER_INPUT
                if flow.used.get(source.key):
                    base = named.get(one.name, _OTHER_INPUT + _USED)
                found.append((base + 0.01 * place, source))
        return found

    def _named_inputs(self, wanted: Wanted) -> dict[str, float]:
        """Inputs that the words of an instance name, with their base cost when they were used before.

        "This CSV" and a file's name mean the input itself, "the figures" the newest of them.
        """
        names: dict[str, float] = {}
        for place in wanted.places:
            value = self.tokens[place].value
            if value is not None and value.kind == "input":
                names[str(value.value)] = _NAMED_AGAIN
            kinds = names_input(self.tokens, place, self.attached)
            again = _NAMED_AGAIN if kinds and points_at(self.tokens, place) else _LOOSELY
            found = (one.name for one in self.attached.values() if kinds and one.types == kinds)
            names.update((name, min(again, names.get(name, again))) for name in found)
        return names

    def _made(
        self, flow: Flow, number: int, name: str, bases: Mapping[tuple[object, ...], float]
    ) -> list[tuple[float, Source]]:
        """Outputs of the nodes so far, each with its base cost."""
        wanted = self.wanted[number]
        found = []
        asked = [node for node in flow.nodes if not node.bridge and node.wanted != number]
        for node in flow.nodes:
            if node.wanted == number and not node.bridge:
                continue
            newer = len({other.wanted for other in asked if other.number > node.number})
            passed = {source.type for links in node.links.values() for source in links}
            for place, (output, kind) in enumerate(outputs(node.job.lead).items()):
                if place and kind in passed:
                    continue
                source = Source("node", kind, node=node.number, name=output)
                used = flow.used.get(source.key, 0)
                if node.bridge:
                    base = bases.get(node.root or (), _OTHER_VALUE) + (_USED_BRIDGE if used else 0.0)
                else:
                    base = _STALE * newer + (_SIDE if place else 0.0) + (_USED if used else 0.0)
                beside = _SHARED if self._coordinated(number, node) else 0.0
                found.append((base + beside + _fitness(wanted, node, name, output), source))
        return found

    def _coordinated(self, number: int, node: Node) -> bool:
        """Whether an instance does beside what another of its job does: "into French and into German"."""
        wanted, other = self.wanted[number], self.wanted[node.wanted]
        first = self.tokens[min(wanted.places)]
        return (
            node.job is wanted.job
            and not node.bridge
            and other is not wanted
            and first.gap in ("and", "comma")
        )


def _offer(
    base: float, source: Source, bridge: tuple[float, tuple[Job, ...]], root: tuple[object, ...]
) -> Offer:
    cost, jobs = bridge
    return Offer(base + cost, _SHARE * max(base, 0.0) + cost, source, jobs, root)


def _fitness(wanted: Wanted, node: Node, name: str, output: str) -> float:
    """What names and the request's words say for (less than 0) or against an output as input `name`."""
    lead = wanted.job.lead
    named = _by_name(lead, name, output)
    referred = node.wanted in wanted.refers and not node.bridge and named <= 0
    return named + (_REFERRED if referred else 0.0) + _reread(lead, name, maker=node.job.lead) / _SHARE


def _reread(lead: Tool, name: str, *, maker: Tool) -> float:
    """What it costs to read a file just written when the tool takes what was written into it as well."""
    inputs = material_inputs(maker)
    if not inputs or not renders(maker):
        return 0.0
    return _REREAD if set(input_types(maker, inputs[0])) & set(input_types(lead, name)) else 0.0


def _by_name(lead: Tool, name: str, output: str) -> float:
    """An output belongs into the input of its own name, and not into another of the same tool."""
    if output == name:
        return _SAME_NAME
    return _RESERVED if output in material_inputs(lead) else 0.0


def _needs_words(lead: Tool) -> bool:
    """Whether a tool must be given a string of its own, such as what to search for."""
    return any(
        set(input_types(lead, name)) == {"string"} and "enum" not in properties(lead)[name]
        for name in required(lead)
    )
