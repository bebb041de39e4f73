"""Jobs: tools that share what they do, the words that speak for them, and their inputs that carry data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.retrieval.stem import stems
from tools.spec import Effect, Tool, fits, is_file_schema

#: Port types that are settings of a call; all others are material that flows from call to call.
SETTINGS = frozenset(
    "number integer boolean language unit expression string column columns sql email".split()
)
#: Tools of which what is read off their records is kept.
_KEPT = 10_000
_SYNONYM = 0.8
#: How much a word counts by the field of the record it stands in.
_NAME, _SUMMARY, _USE, _EXAMPLE, _HINT, _DESCRIPTION, _FIELD = 1.0, 1.0, 0.95, 0.7, 0.8, 0.6, 0.45


T = TypeVar("T")


def _kept(read: Callable[[Tool], T]) -> Callable[[Tool], T]:
    """Read a tool's record once: choosing among readings of a request asks for the same thousands of times.

    Tools are known by identity, since a record is never changed in place and is dear to compare.
    """
    known: dict[int, tuple[Tool, T]] = {}

    def kept(tool: Tool) -> T:
        found = known.get(id(tool))
        if found is None or found[0] is not tool:
            if len(known) >= _KEPT:
                known.clear()
            found = known[id(tool)] = (tool, read(tool))
        return found[1]

    return kept


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Tools that may replace one another, the first being the one that plans are made with.

    A job is itself alone; those of one planning are made once and compared often.

    `profile` gives for each stem how strongly it speaks for the job, from 0 to 1; `pairs` are
    stems that follow one another in the record.
    """

    does: str
    tools: tuple[Tool, ...]
    profile: Mapping[str, float]
    pairs: frozenset[tuple[str, str]] = frozenset()
    #: Stems that the schemas give as hints of values, and so stand for a setting of the job.
    hints: frozenset[str] = frozenset()

    @property
    def lead(self) -> Tool:
        """The tool whose ports the planning goes by."""
        return self.tools[0]

    def strength(self, stem: str) -> float:
        """How strongly a stem, or one that may stand for it, speaks for the job."""
        own = self.profile.get(stem, 0.0)
        if own >= _SYNONYM:
            return own
        others = (self.profile.get(other, 0.0) for other in SYNONYMS.get(stem, ()))
        return max(own, _SYNONYM * max(others, default=0.0))


def jobs_of(tools: Iterable[Tool], *, cache: dict[str, tuple[tuple[int, ...], Job]]) -> list[Job]:
    """Tools grouped by the first thing they do; a tool that names none is a job of its own."""
    groups: dict[str, list[Tool]] = {}
    for tool in tools:
        groups.setdefault(tool.does[0] if tool.does else tool.name, []).append(tool)
    found = []
    for does, members in sorted(groups.items()):
        key = tuple(id(tool) for tool in members)
        known = cache.get(does)
        if known is None or known[0] != key:
            known = cache[does] = (key, make_job(does, members))
        found.append(known[1])
    return found


def make_job(does: str, tools: Sequence[Tool]) -> Job:
    """A job with the words of all its tools."""
    profile: dict[str, float] = {}
    pairs: set[tuple[str, str]] = set()
    for tool in tools:
        for text, weight in _texts(tool):
            found = stems(text)
            for stem in found:
                profile[stem] = max(profile.get(stem, 0.0), weight)
            if weight >= _EXAMPLE:
                pairs.update(pairwise(found))
    hints = {
        stem
        for tool in tools
        for schema in properties(tool).values()
        for word in hint_words(schema)
        for stem in stems(word)
    }
    return Job(does, tuple(tools), profile, frozenset(pairs), frozenset(hints))


def _texts(tool: Tool) -> Iterator[tuple[str, float]]:
    for name in (tool.name, *tool.does):
        yield name, _NAME
    yield tool.summary, _SUMMARY
    yield from ((tag, _SUMMARY) for tag in tool.tags)
    yield tool.docs.when_to_use, _USE
    yield tool.description, _DESCRIPTION
    for example in tool.docs.examples:
        yield str(example.get("request", "")), _EXAMPLE
    for name, schema in properties(tool).items():
        yield name, _FIELD + 0.1
        yield str(schema.get("description", "")), _FIELD
        yield from ((word, _HINT) for word in hint_words(schema))


def hint_words(schema: Mapping[str, Any]) -> Iterator[str]:
    """Words that the schema of an argument gives as hints of it: of its values, or its unit."""
    for values in dict(schema.get("x-words", {})).values():
        yield from values
    yield from schema.get("x-unit", ())
    if len(schema.get("enum", ())) <= 12:
        yield from (str(value) for value in schema.get("enum", ()))


@_kept
def properties(tool: Tool) -> Mapping[str, Mapping[str, Any]]:
    """The schemas of the tool's arguments by name."""
    found = tool.input_schema.get("properties", {})
    return {name: schema for name, schema in found.items() if isinstance(schema, Mapping)}


@_kept
def required(tool: Tool) -> tuple[str, ...]:
    """Names of the arguments that must be given."""
    return tuple(tool.input_schema.get("required", ()))


def input_types(tool: Tool, name: str) -> tuple[str, ...]:
    """Port types an argument takes, best first; guessed from the schema where the ports say nothing."""
    stated = tool.ports.inputs.get(name)
    if stated:
        return tuple(stated)
    return _guessed(name, properties(tool).get(name, {}))


def _guessed(name: str, schema: Mapping[str, Any]) -> tuple[str, ...]:
    if is_file_schema(schema):
        return tuple(schema["x-media-types"])
    if schema.get("format") in ("uri", "url") or name.lower() in ("url", "uri"):
        return ("url",)
    kind = schema.get("type")
    if kind == "string":
        return ("text", "string") if name.lower() in ("text", "body", "content", "prompt") else ("string",)
    return {"integer": ("integer",), "number": ("number",), "boolean": ("boolean",)}.get(str(kind), ("json",))


@_kept
def outputs(tool: Tool) -> Mapping[str, str]:
    """Port types of what comes out, the main one first; guessed where the ports say nothing."""
    if tool.ports.outputs:
        return tool.ports.outputs
    found = {}
    for name, schema in tool.output_schema.get("properties", {}).items():
        types = _guessed(name, schema)
        found[name] = "text" if types == ("string",) else types[0]
    return found


def is_material(types: Sequence[str]) -> bool:
    """Whether an argument of these types carries what flows from call to call."""
    return any(kind not in SETTINGS for kind in types) and bool(types)


@_kept
def material_inputs(tool: Tool) -> Sequence[str]:
    """Arguments that carry material, the required ones first, the main one at the head."""
    order = [*tool.ports.inputs, *(name for name in properties(tool) if name not in tool.ports.inputs)]
    names = [name for name in order if name in properties(tool) and is_material(input_types(tool, name))]
    musts = required(tool)
    wanted = [name for name in names if name in musts or properties(tool)[name].get("x-many")]
    optional = [name for name in names if name not in wanted and "default" not in properties(tool)[name]]
    optional = [name for name in optional if tool.ports.inputs.get(name) or "text" in input_types(tool, name)]
    return (*sorted(wanted, key=lambda name: name not in musts), *optional)


def takes_many(tool: Tool, name: str) -> bool:
    """Whether several outputs may be linked into an argument."""
    return bool(properties(tool).get(name, {}).get("x-many"))


def accepts(tool: Tool, name: str, kind: str) -> bool:
    """Whether an argument takes a value of a port type."""
    return any(fits(kind, wanted) for wanted in input_types(tool, name))


def main_output(tool: Tool) -> tuple[str, str]:
    """Name and type of the main output; ("result", "json") for a tool that states none."""
    return next(iter(outputs(tool).items()), ("result", "json"))


def may_bridge(job: Job) -> bool:
    """Whether a job may be put in between without having been asked for."""
    lead = job.lead
    if lead.effect is Effect.ONCE or any(tool.price.per_call for tool in job.tools):
        return False
    inputs = [name for name in required(lead) if is_material(input_types(lead, name))]
    return len(inputs) == 1 and set(required(lead)) == set(inputs)
