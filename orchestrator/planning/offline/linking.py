"""Linking: each job's material comes from an earlier output, an attached input or the request's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.planning.offline.bridges import Bridges
from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.flow import Flow, Node, Source
from orchestrator.planning.offline.jobs import (
    Job,
    accepts,
    input_types,
    main_output,
    material_inputs,
    required,
    takes_many,
)
from orchestrator.planning.offline.mentions import names_input
from orchestrator.planning.offline.offers import MATERIAL_KINDS, Offer, Offers
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.values import Value
from orchestrator.planning.offline.wanted import Wanted

#: What it is worth that an output finds its place in an optional input; what a joiner of one thing costs.
_WELCOME, _ALONE = 0.1, 1.5
#: Offers that differ by no more than this are taken in the order of the text.
_ALIKE = 0.2
_MISSING, _ABSENT, _UNUSED, _DANGLING = 3.0, 1.5, 0.8, 0.45
_CAPTION, _JOINED, _UNJOINED = 0.3, 0.2, 1.0


@dataclass(slots=True)
class Linker:
    """Links the instances of one reading; `joiners` are jobs that make one value of many."""

    wanted: Sequence[Wanted]
    tokens: Sequence[Token]
    values: Sequence[Value]
    attached: Mapping[str, AttachedInput]
    bridges: Bridges
    joiners: Sequence[Job]
    _offers: Offers = field(init=False)

    def __post_init__(self) -> None:
        self._offers = Offers(self.wanted, self.tokens, self.values, self.attached, self.bridges)

    def link(self, order: Sequence[int]) -> Flow:
        """A flow that runs the instances in this order."""
        flow = Flow()
        for number in order:
            self._place(flow, number)
        flow.cost += _UNUSED * len(self._unused(flow))
        flow.cost += _DANGLING * max(0, len(_leaves(flow)) - 1)
        return flow

    def _place(self, flow: Flow, number: int) -> None:
        """Adds an instance, once for each of the values it is asked to work on."""
        job = self.wanted[number].job
        names = material_inputs(job.lead)
        if not names:
            self._add(flow, job, number)
            return
        if names[0] not in required(job.lead) and not takes_many(job.lead, names[0]):
            node = self._add(flow, job, number)
            self._fill_rest(flow, node, names, set())
            self._mark(flow, node)
            return
        main = names[0]
        offers = self._offers.find(flow, number, main)
        groups = self._parts(flow, number, main, offers)
        for part, chosen in enumerate(groups):
            node = self._add(flow, job, number, part=part, defer=True)
            taken = self._fill(flow, node, main, chosen)
            self._fill_rest(flow, node, names[1:], taken)
            node.number = len(flow.nodes)
            flow.nodes.append(node)
            flow.served.setdefault(number, []).append(node.number)
            self._mark(flow, node)

    def _add(self, flow: Flow, job: Job, number: int, *, part: int = 0, defer: bool = False) -> Node:
        node = Node(len(flow.nodes), job, number, part=part)
        if not defer:
            flow.nodes.append(node)
            flow.served.setdefault(number, []).append(node.number)
        return node

    def _parts(self, flow: Flow, number: int, main: str, offers: Sequence[Offer]) -> list[list[Offer]]:
        """The offers for the main input: several lists mean that the job runs once for each."""
        if not offers:
            return [[]]
        best = offers[0]
        lead = self.wanted[number].job.lead
        alike = [name for name in required(lead) if accepts(lead, name, best.end_type)]
        if len(alike) > 1:
            near = [one for one in offers if one.cost <= best.cost + _ALIKE]
            return [[min(near, key=lambda offer: offer.place)]]
        mates = [best, *(one for one in offers[1:] if self._mates(flow, best, one, number))]
        mates = sorted(_one_a_root(mates), key=lambda offer: offer.place)
        one = self.wanted[number]
        if len(mates) == 1 or takes_many(lead, main):
            return [mates]
        writes = "/" in main_output(lead)[1] and not any("/" in kind for kind in input_types(lead, main))
        merges = one.merges and best.source.kind == "node"
        if (writes or merges) and not one.separates and self._joiner(mates) is not None:
            return [mates]
        return [[mate] for mate in mates if self._twins(flow, best.source, mate.source)]

    def _mates(self, flow: Flow, best: Offer, other: Offer, number: int) -> bool:
        """Whether two offers stand beside each other: values of the same words, or twins of one instance."""
        one, two = best.source, other.source
        if one.kind != two.kind:
            return False
        wanted = self.wanted[number]
        if one.kind == "literal":
            own = {token.start for token in wanted.tokens(self.tokens)}
            same = one.value is not None and two.value is not None and one.value.kind == two.value.kind
            owned = {token.start for one in self.wanted for token in one.tokens(self.tokens)}
            alike = two.value is not None and (
                two.value.start in own
                or (one.value is not None and not {one.value.start, two.value.start} & owned)
            )
            return same and alike and not flow.used.get(two.key)
        if one.kind == "input":
            both = {one.name, two.name} <= self._by_name(wanted)
            return (both or wanted.joins or wanted.separates or self._plural(wanted)) and not flow.used.get(
                two.key
            )
        first, second = flow.nodes[one.node], flow.nodes[two.node]
        if first.wanted == second.wanted and first.job is second.job:
            return one.name == two.name
        many = takes_many(wanted.job.lead, material_inputs(wanted.job.lead)[0])
        writes = "/" in main_output(wanted.job.lead)[1]
        joint = second.wanted in wanted.refers or wanted.joins or (writes and self._beside(second, wanted))
        free = not second.bridge and not flow.used.get(two.key)
        free = free and two.name == main_output(second.job.lead)[0]
        free = free and two.name not in material_inputs(wanted.job.lead)[1:]
        return (many or not wanted.separates) and joint and free and self._direct(wanted.job, two)

    def _twins(self, flow: Flow, one: Source, two: Source) -> bool:
        """Whether two sources are of one making, so that a job may run once for each."""
        return one.kind != "node" or flow.nodes[one.node].job is flow.nodes[two.node].job

    def _direct(self, job: Job, source: Source) -> bool:
        return accepts(job.lead, material_inputs(job.lead)[0], source.type)

    def _by_name(self, wanted: Wanted) -> set[str]:
        """Inputs that the words of an instance call by their own names."""
        values = (token.value for token in wanted.tokens(self.tokens))
        return {str(value.value) for value in values if value is not None and value.kind == "input"}

    def _plural(self, wanted: Wanted) -> bool:
        return any(
            self.tokens[place].text.lower().endswith("s")
            and (self.tokens[place].media or names_input(self.tokens, place, self.attached))
            for place in wanted.places
        )

    def _fill(self, flow: Flow, node: Node, name: str, chosen: Sequence[Offer]) -> set[tuple[object, ...]]:
        """Links `chosen` into an input, over bridges and a joiner where needed; answers what was taken."""
        if not chosen:
            if name in required(node.job.lead):
                node.missing.append(name)
            return set()
        flow.cost += sum(one.price for one in chosen) / len(chosen)
        sources = [self._bridged(flow, one, node.wanted) for one in chosen]
        lead = node.job.lead
        if len(sources) > 1 and not takes_many(lead, name):
            sources = [self._joined(flow, sources, node.wanted)]
        if len(sources) < 2 and node.job in self.joiners:
            flow.cost += _ALONE
        node.links[name] = sources
        node.root = chosen[0].root if len(chosen) == 1 else None
        return {one.root for one in chosen} | {one.source.key for one in chosen}

    def _fill_rest(
        self, flow: Flow, node: Node, names: Sequence[str], taken: set[tuple[object, ...]]
    ) -> None:
        """Fills the other inputs: what must be there, and what was named or fits by its name."""
        lead = node.job.lead
        wanted = self.wanted[node.wanted]
        for name in names:
            every = self._offers.find(flow, node.wanted, name)
            offers = [one for one in every if one.source.key not in taken]
            if name in required(lead):
                offers = [one for one in offers if one.root not in taken] or offers
                taken |= self._fill(flow, node, name, offers[:1])
                continue
            fresh = [one for one in offers if not one.bridge and self._asked(flow, one.source, name, wanted)]
            picked = fresh if takes_many(lead, name) else fresh[:1]
            if picked:
                node.links[name] = [one.source for one in picked]
                taken |= {one.source.key for one in picked}
                flow.cost -= _WELCOME * len(picked)
        self._caption(flow, node)
        flow.cost += (_MISSING if self._given_any() else _ABSENT) * len(node.missing)

    def _given_any(self) -> bool:
        """Whether the request brings material of its own: then asking for more is far-fetched."""
        return bool(self.attached) or any(value.kind in MATERIAL_KINDS for value in self.values)

    def _asked(self, flow: Flow, source: Source, name: str, wanted: Wanted) -> bool:
        """Whether an optional input should take this output: it is free, and words or names say so."""
        if source.kind != "node" or flow.used.get(source.key) or flow.nodes[source.node].bridge:
            return False
        maker = flow.nodes[source.node]
        if source.name != main_output(maker.job.lead)[0]:
            return False
        return (
            source.name == name
            or maker.wanted in wanted.refers
            or wanted.joins
            or self._beside(maker, wanted)
        )

    def _beside(self, maker: Node, wanted: Wanted) -> bool:
        """Whether the maker's words stand in the same sentence right before: "x and y in a document"."""
        first = min(wanted.places)
        last = max(self.wanted[maker.wanted].places)
        if last > first:
            return True
        between = [token.gap for token in self.tokens[last + 1 : first + 1]]
        return all(gap in ("preposition", "none", "and", "comma") for gap in between)

    def _caption(self, flow: Flow, node: Node) -> None:
        """A required text that nothing fills gets the words for what else goes in."""
        others = [source for links in node.links.values() for source in links if source.kind == "node"]
        for name in list(node.missing):
            if "text" in input_types(node.job.lead, name) and others:
                places = self.wanted[flow.nodes[others[0].node].wanted].places
                words = [self.tokens[place].text for place in sorted(places)]
                node.captions[name] = " ".join(words).capitalize()
                node.missing.remove(name)
                flow.cost += _CAPTION

    def _bridged(self, flow: Flow, offer: Offer, number: int) -> Source:
        """The source at the end of an offer's bridge; its nodes are added, or found if they are there."""
        source = offer.source
        for job in offer.bridge:
            argument = required(job.lead)[0]
            same = [
                node
                for node in flow.nodes
                if node.job is job and [one.key for one in node.links.get(argument, [])] == [source.key]
            ]
            if same:
                node = same[0]
            else:
                node = Node(len(flow.nodes), job, number, bridge=True, root=offer.root)
                node.links[argument] = [source]
                flow.nodes.append(node)
                self._mark(flow, node)
            output, kind = main_output(job.lead)
            media = source.value.more.get("media", "") if source.value else ""
            source = Source("node", media if kind == "*/*" and media else kind, node=node.number, name=output)
        return source

    def _joiner(self, offers: Sequence[Offer]) -> Job | None:
        return self._joiner_for([one.end_type for one in offers])

    def _joiner_for(self, kinds: Sequence[str]) -> Job | None:
        for job in self.joiners:
            name = required(job.lead)[0]
            if all(accepts(job.lead, name, kind) for kind in kinds):
                return job
        return None

    def _joined(self, flow: Flow, sources: Sequence[Source], number: int) -> Source:
        job = self._joiner_for([source.type for source in sources])
        if job is None:
            flow.cost += _UNJOINED
            return sources[0]
        node = Node(len(flow.nodes), job, number, bridge=True)
        node.links[required(job.lead)[0]] = sorted(sources, key=lambda one: self._told_at(flow, one))
        flow.nodes.append(node)
        flow.cost += _JOINED
        self._mark(flow, node)
        output, kind = main_output(job.lead)
        return Source("node", kind, node=node.number, name=output)

    def _told_at(self, flow: Flow, source: Source) -> tuple[int, int, int]:
        """Where the request speaks of what makes a value: in that order values are joined."""
        places = self.wanted[flow.nodes[source.node].wanted].places if source.kind == "node" else [-1]
        return (min(places), source.node, source.key[3])

    def _mark(self, flow: Flow, node: Node) -> None:
        for links in node.links.values():
            for source in links:
                flow.used[source.key] = flow.used.get(source.key, 0) + 1

    def _unused(self, flow: Flow) -> list[object]:
        """Addresses, quoted texts and inputs that no node uses."""
        given: list[object] = [
            value
            for value in self.values
            if value.kind in MATERIAL_KINDS and not flow.used.get(Source("literal", "", value=value).key)
        ]
        given += [
            one
            for one in self.attached.values()
            if "/" in one.types[0] and not flow.used.get(Source("input", "", name=one.name).key)
        ]
        return given


def _leaves(flow: Flow) -> list[Node]:
    fed = {source.node for node in flow.nodes for links in node.links.values() for source in links}
    return [node for node in flow.nodes if node.number not in fed]


def _one_a_root(offers: Sequence[Offer]) -> list[Offer]:
    """The best offer of each root: two outputs of one address are one thing."""
    seen: set[object] = set()
    kept = []
    for offer in offers:
        key = offer.source.key if offer.source.kind == "node" else offer.root
        if key not in seen:
            seen.add(key)
            kept.append(offer)
    return kept
