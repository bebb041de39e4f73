"""From a linked flow to the draft's sub-tasks: ids, options with their arguments, questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.planning import DraftQuestion
from orchestrator.planning.drafts import DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.offline.arguments import Filled, fill
from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.coverage import literals
from orchestrator.planning.offline.flow import Flow, Node, Source
from orchestrator.planning.offline.jobs import (
    input_types,
    material_inputs,
    outputs,
    properties,
    takes_many,
)
from orchestrator.planning.offline.peek import AttachedInput, Column
from orchestrator.planning.offline.settings import Setting
from orchestrator.planning.offline.wanted import Wanted
from tools.spec import Tool, fits

_LISTS = ("tables", "keywords", "columns", "matches")


@dataclass(slots=True)
class Drafting:
    """Turns the nodes of one flow into sub-tasks, in order."""

    flow: Flow
    wanted: Sequence[Wanted]
    tokens: Sequence[Token]
    text: str
    attached: Mapping[str, AttachedInput]
    answers: Mapping[str, Any]
    failed: frozenset[tuple[str, str]]
    ids: list[str] = field(default_factory=list)
    questions: list[DraftQuestion] = field(default_factory=list)
    gaps: int = 0
    #: What the words gave to the first tool of each node.
    given: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def subtasks(self) -> tuple[DraftSubTask, ...]:
        """All sub-tasks; `questions` and `gaps` (required values not found) are known afterwards."""
        self.ids = _ids(self.flow)
        return tuple(self._subtask(node) for node in self.flow.nodes)

    def asking(self) -> list[Wanted]:
        """The instances for which something must be asked."""
        ids = {question.subtask for question in self.questions}
        return [self.wanted[node.wanted] for node in self.flow.nodes if self.ids[node.number] in ids]

    def inputs(self) -> frozenset[str]:
        """Names of the attached inputs that the flow uses."""
        links = (sources for node in self.flow.nodes for sources in node.links.values())
        return frozenset(source.name for sources in links for source in sources if source.kind == "input")

    def _subtask(self, node: Node) -> DraftSubTask:
        id = self.ids[node.number]
        setting = self._setting(node)
        filled = [(tool, self._filled(node, tool, setting, id)) for tool in self._tools(node)]
        whole = [(tool, found) for tool, found in filled if not found.missing]
        if not whole:
            tool, found = filled[0]
            self.gaps += len(found.missing)
            self.questions.extend(_question(id, tool, name) for name in found.missing)
        lead = node.job.lead
        options = tuple(
            DraftOption((DraftCall(tool.name, found.arguments),), _aliases(lead, tool))
            for tool, found in whole or filled[:1]
        )
        return DraftSubTask(
            id, self._goal(node), node.job.does, self._words(node), options, self._needs(node)
        )

    def _tools(self, node: Node) -> list[Tool]:
        """The job's tools whose inputs and output meet what is linked, those that failed before left out."""
        found = [tool for tool in node.job.tools if self._replaces(node, tool)]
        fresh = [tool for tool in found if (node.job.does, tool.name) not in self.failed]
        return fresh or found or [node.job.lead]

    def _replaces(self, node: Node, tool: Tool) -> bool:
        lead = node.job.lead
        mapping = _input_names(lead, tool)
        for name, sources in node.links.items():
            own = mapping.get(name)
            if own is None or not all(
                any(fits(source.type, wanted) for wanted in input_types(tool, own)) for source in sources
            ):
                return False
        return set(outputs(tool).values()) >= {next(iter(outputs(lead).values()), "json")} or not outputs(
            lead
        )

    def _filled(self, node: Node, tool: Tool, setting: Setting, id: str) -> Filled:
        names = _input_names(node.job.lead, tool)
        linked = {
            names.get(name, name): self._reference(tool, names.get(name, name), sources)
            for name, sources in node.links.items()
        }
        linked |= {names.get(name, name): text for name, text in node.captions.items()}
        for name in properties(tool):
            answer = self.answers.get(f"q_{id}_{name}")
            if answer is not None:
                linked[name] = answer
        found = fill(tool, set(linked), setting)
        self.given.setdefault(node.number, found.arguments)
        return Filled({**linked, **found.arguments}, found.missing)

    def _reference(self, tool: Tool, name: str, sources: Sequence[Source]) -> Any:
        values = [self._one(source) for source in sources]
        schema = properties(tool).get(name, {})
        whole = len(values) == 1 and sources[0].type in _LISTS and sources[0].type in input_types(tool, name)
        lists = schema.get("type") == "array" or (takes_many(tool, name) and len(values) > 1)
        return values if lists and not whole else values[0]

    def _one(self, source: Source) -> Any:
        if source.kind == "node":
            return {"ref": f"{self.ids[source.node]}.{source.name}"}
        if source.kind == "input":
            return {"ref": f"inputs.{source.name}"}
        assert source.value is not None
        return source.value.value

    def _setting(self, node: Node) -> Setting:
        wanted = self.wanted[node.wanted]
        numbers = [
            {"ref": f"{self.ids[one.number]}.{name}"}
            for one in self.flow.nodes[: node.number]
            for name, kind in list(outputs(one.job.lead).items())[:1]
            if kind in ("number", "integer")
        ]
        taken = frozenset(
            source.value.start
            for one in self.flow.nodes
            for links in one.links.values()
            for source in links
            if source.value is not None
        )
        own = [] if node.bridge else wanted.tokens(self.tokens)
        return Setting(
            own,
            self.tokens,
            self.text,
            self._columns(node),
            self.attached,
            self._language(node),
            numbers,
            taken,
        )

    def _columns(self, node: Node) -> tuple[Column, ...]:
        """Columns of the attached tables that go into a node, through jobs that keep them."""
        found: list[Column] = []
        for links in node.links.values():
            for source in links:
                if source.kind == "node":
                    found.extend(self._columns_made(self.flow.nodes[source.node]))
                if source.kind == "input":
                    found.extend(self.attached[source.name].columns)
        return tuple({column.name: column for column in reversed(found)}.values())[::-1]

    def _columns_made(self, node: Node) -> tuple[Column, ...]:
        """Columns of the table that a node makes, as far as they are known."""
        kinds = {schema.get("x-columns") for schema in properties(node.job.lead).values()}
        if "kept" in kinds:
            return self._columns(node)
        if "named" not in kinds:
            return ()
        given = list(literals(self.given.get(node.number, {})))
        return tuple(column for column in self._columns(node) if column.name in given)

    def _language(self, node: Node) -> str | None:
        """The language that the text of a node was put into by the sub-tasks before it."""
        for links in node.links.values():
            for source in links:
                if source.kind == "node":
                    before = self.flow.nodes[source.node]
                    return self._target(before) or self._language(before)
        return None

    def _target(self, node: Node) -> str | None:
        if node.bridge or "language" not in outputs(node.job.lead).values():
            return None
        setting = Setting(self.wanted[node.wanted].tokens(self.tokens), self.tokens, self.text)
        found = fill(node.job.lead, set(node.links), setting).arguments.get("target")
        return found if isinstance(found, str) else None

    def _needs(self, node: Node) -> tuple[str, ...]:
        numbers = {source.node for links in node.links.values() for source in links if source.kind == "node"}
        return tuple(self.ids[number] for number in sorted(numbers))

    def _words(self, node: Node) -> str:
        places = sorted(self.wanted[node.wanted].places)
        stretches: list[tuple[int, int]] = []
        for place in places:
            token = self.tokens[place]
            if stretches and place - 1 in places:
                stretches[-1] = (stretches[-1][0], token.end)
            else:
                stretches.append((token.start, token.end))
        return " … ".join(self.text[start:end] for start, end in stretches)

    def _goal(self, node: Node) -> str:
        job = node.job.does.replace("_", " ")
        return f"{job.capitalize()}{' (needed on the way)' if node.bridge else ''}"


def _ids(flow: Flow) -> list[str]:
    counts: dict[str, int] = {}
    ids = []
    for node in flow.nodes:
        base = node.job.does[:56]
        counts[base] = counts.get(base, 0) + 1
        ids.append(base if counts[base] == 1 else f"{base}_{counts[base]}")
    return ids


def _input_names(lead: Tool, tool: Tool) -> dict[str, str]:
    """From the lead's material inputs to another tool's: the same name, else the same place."""
    own, other = material_inputs(lead), material_inputs(tool)
    names = {name: name for name in own if name in other}
    spare = [name for name in other if name not in names.values()]
    for name in own:
        if name not in names and spare:
            names[name] = spare.pop(0)
    return names


def _aliases(lead: Tool, tool: Tool) -> dict[str, str]:
    """The lead's output names onto another tool's own: by name, else by type."""
    own = outputs(tool)
    aliases = {}
    for name, kind in outputs(lead).items():
        if name not in own:
            same = next((other for other, made in own.items() if made == kind), None)
            if same:
                aliases[name] = same
    return aliases


def _question(id: str, tool: Tool, name: str) -> DraftQuestion:
    schema = dict(properties(tool).get(name, {}))
    described = str(schema.get("description", "")).rstrip(".")
    what = name.replace("_", " ")
    hint = f" ({described})" if described else ""
    text = f"To {id.replace('_', ' ')}: which {what} should be used?{hint}"
    return DraftQuestion(f"q_{id}_{name}", text, schema, id, name)
