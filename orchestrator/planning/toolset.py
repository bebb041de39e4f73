"""The tools a plan may use, by name and by job, with what planning reads from their schemas made ready."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.run import ToolFilter
from tools.schemas import Schema
from tools.spec import JsonSchema, Tool

_TAG = "tag:"


@dataclass(slots=True)
class ToolFacts:
    """What planning reads from one tool: its fields, and validators made when first needed."""

    tool: Tool
    inputs: Mapping[str, JsonSchema]
    required: tuple[str, ...]
    outputs: Mapping[str, JsonSchema]
    #: Whether arguments, or fields of the output, may have names that the schema does not list.
    open_inputs: bool
    open_outputs: bool
    _hash: str = ""
    _validators: dict[str, Schema | None] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """The tool's hash, computed once."""
        self._hash = self._hash or self.tool.hash
        return self._hash

    def faults(self, name: str, value: Any) -> list[tuple[str, str]]:
        """What is wrong with a literal argument, as (JSON pointer inside the value, sentence)."""
        if name not in self._validators:
            self._validators[name] = _validator(self.tool.input_schema, self.inputs.get(name))
        validator = self._validators[name]
        return validator.faults(value) if validator is not None else []

    def default(self, name: str) -> Any:
        """The default that the schema gives for an argument; None when it gives none."""
        return self.inputs.get(name, {}).get("default")


class Toolset:
    """An index over the tools a plan may use; `excluded` are active ones that the run leaves out."""

    def __init__(self, tools: Sequence[Tool], *, excluded: Iterable[str] = ()) -> None:
        self.tools = tuple(tools)
        self.excluded = frozenset(excluded)
        self._by_name = {tool.name: tool for tool in self.tools}
        self._by_job: dict[str, list[Tool]] = {}
        self._facts: dict[str, ToolFacts] = {}
        for tool in self.tools:
            for job in tool.does:
                self._by_job.setdefault(job, []).append(tool)

    def get(self, name: str) -> Tool | None:
        """The tool of that name, None when there is none to use."""
        return self._by_name.get(name)

    def has(self, tool: Tool) -> bool:
        """Whether a tool, found elsewhere, may be used."""
        return tool.name in self._by_name

    def doing(self, job: str) -> Sequence[Tool]:
        """The tools that do a job, in the catalog's order."""
        return self._by_job.get(job, ())

    def facts(self, tool: Tool) -> ToolFacts:
        """What planning knows of a tool; made once."""
        facts = self._facts.get(tool.name)
        if facts is None or facts.tool is not tool:
            facts = self._facts[tool.name] = _facts(tool)
        return facts

    def nearest(self, name: str, *, n: int = 3) -> list[str]:
        """Names most like an unknown one, nearest first."""
        return difflib.get_close_matches(name, list(self._by_name), n=n, cutoff=0.5)

    def restricted(self, filter: ToolFilter) -> Toolset:
        """The tools that a run's filter allows; what is known of them is shared."""
        if not filter.include and not filter.exclude:
            return self
        kept = [tool for tool in self.tools if allowed(tool, filter)]
        left_out = {tool.name for tool in self.tools} - {tool.name for tool in kept}
        smaller = Toolset(kept, excluded=left_out)
        smaller._facts = self._facts
        return smaller


def allowed(tool: Tool, filter: ToolFilter) -> bool:
    """Whether a run's filter (names, or `tag:…`) lets a tool be used."""
    if any(_matches(tool, entry) for entry in filter.exclude):
        return False
    return not filter.include or any(_matches(tool, entry) for entry in filter.include)


def job_of(tool: Tool) -> str:
    """The sub-task type of a tool that was asked for by name."""
    return tool.does[0] if tool.does else tool.name


def _matches(tool: Tool, entry: str) -> bool:
    if entry.startswith(_TAG):
        return entry.removeprefix(_TAG) in tool.tags
    return entry == tool.name


def _facts(tool: Tool) -> ToolFacts:
    given, made = tool.input_schema, tool.output_schema
    outputs = given_fields(made)
    return ToolFacts(
        tool,
        given_fields(given),
        tuple(given.get("required", ())),
        outputs,
        given.get("additionalProperties", True) is not False,
        not outputs or made.get("additionalProperties", False) is not False,
    )


def given_fields(schema: JsonSchema) -> Mapping[str, JsonSchema]:
    """The properties of an object's schema; a property that is not described takes anything."""
    fields = schema.get("properties", {})
    return {name: inner if isinstance(inner, Mapping) else {} for name, inner in fields.items()}


def _validator(root: JsonSchema, part: JsonSchema | None) -> Schema | None:
    """A validator of one argument; None when its schema is broken, which the call itself will say."""
    if not part:
        return None
    shared = {word: root[word] for word in ("$defs", "definitions") if word in root}
    try:
        return Schema({**part, **shared})
    except ValueError:
        return None
