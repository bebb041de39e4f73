"""Taking over the operations of an OpenAPI document, and telling what has changed since the last time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jmespath
import orjson

from orchestrator.errors import FieldProblem, Invalid
from orchestrator.ports import Catalog, CatalogEntry, Secrets, ToolCaller
from orchestrator.registry.port_types import ports_from
from orchestrator.registry.register import AT_ONCE
from orchestrator.registry.secrets import lacking
from tools.auth import secret_names
from tools.net import Net
from tools.openapi.compiler import NOWHERE, Compiled, Options
from tools.openapi.importing import Source, read_openapi
from tools.openapi.naming import cut, unique
from tools.processes import Processes
from tools.spec import Kind, Tool

_SHOWN = 300
_NO_SERVER = "the document names no server: import it again with `server`"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the tool as it was and as the document has it now."""

    what: str
    change: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Updated:
    """A tool that the document now describes otherwise; `version` is the one it has from now on."""

    name: str
    version: int
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Imported:
    """What an import did, or with `dry_run` would do."""

    source: str
    created: list[str] = field(default_factory=list)
    updated: list[Updated] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    #: (Operation, why it became no tool).
    skipped: list[tuple[str, str]] = field(default_factory=list)
    #: (Tool, the one that does the same, how that is known).
    duplicates: list[tuple[str, str, str]] = field(default_factory=list)
    #: Tools of an earlier import that the document no longer has; they are left as they are.
    gone: list[str] = field(default_factory=list)
    quality: Mapping[str, Any] = field(default_factory=dict)
    #: Names of secrets by security scheme, and those among them that its tools need and nobody has set.
    secrets: Mapping[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


async def import_openapi(
    source: Source,
    options: Options,
    *,
    catalog: Catalog,
    caller: ToolCaller,
    net: Net,
    processes: Processes,
    secrets: Secrets,
    owner: bool = False,
    dry_run: bool = False,
) -> Imported:
    """One tool an operation; what the document cannot know (price, limits, beliefs …) stays as it was set.

    Operations that need secrets become tools only for the `owner` of the service, as with `checked`.
    Raises `Invalid` for options that cannot be, and `ToolError` for a document that cannot be had or read.
    """
    _check(options, net)
    made = await read_openapi(source, options, net=net, processes=processes)
    known = await catalog.entries()
    told = Imported(made.source, skipped=list(made.skipped), quality=made.quality, secrets=made.secrets)
    tools = _named(made, known)
    renamed = {old.name: new.name for old, new in zip(made.tools, tools, strict=True)}
    told.duplicates = [(renamed[one], renamed[of], "the same method and path") for one, of in made.duplicates]
    told.duplicates += _registered_twice(tools, known)
    fresh = list(_sorted_out([tool for tool in tools if owner or not _needs(tool, told)], known, told))
    if options.include.empty and options.exclude.empty:
        told.gone = _gone(told, known)
    needed = {name for tool in tools if owner for name in secret_names(tool)}
    there = await secrets.values(needed)
    told.missing = sorted(needed - there.keys())
    if not dry_run:
        reasons = {tool.name: reason for tool in fresh if (reason := _unavailable(tool, caller, there))}
        for start in range(0, len(fresh), AT_ONCE):
            part = fresh[start : start + AT_ONCE]
            await catalog.add_all(part, replace=True, reasons=reasons)
    return told


def _check(options: Options, net: Net) -> None:
    if options.server:
        net.check(options.server)
    for operation, expression in options.select.items():
        try:
            jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            detail = f"no JMESPath expression: {str(error)[:200]}"
            raise Invalid(detail, problems=[FieldProblem(f"/select/{operation}", detail)]) from None


def _named(made: Compiled, known: Mapping[str, CatalogEntry]) -> list[Tool]:
    """The tools with their ports; a name that belongs to another tool gets the document's before it."""
    taken = {tool.name for tool in made.tools}
    named = []
    for found in made.tools:
        tool = replace(found, ports=ports_from(found.input_schema, found.output_schema))
        if _foreign(known.get(tool.name), made.source):
            name = unique(cut(f"{made.source.partition(':')[2]}_{tool.name}"), taken)
            taken.add(name)
            tool = replace(tool, name=name)
        named.append(tool)
    return named


def _needs(tool: Tool, told: Imported) -> bool:
    """Whether the tool needs secrets; then `told` says why it is left out."""
    if secret_names(tool):
        label = f"{tool.binding['method']} {tool.binding['url']}"
        told.skipped.append((label, "it needs a secret, which only the service's own key may give a tool"))
    return bool(secret_names(tool))


def _sorted_out(tools: Sequence[Tool], known: Mapping[str, CatalogEntry], told: Imported) -> Iterator[Tool]:
    """The tools to write, as `told` gets to know what happens to each."""
    for tool in tools:
        entry = known.get(tool.name)
        if entry is None:
            told.created.append(tool.name)
            yield tool
        elif _foreign(entry, told.source):
            label = f"{tool.binding['method']} {tool.binding['url']}"
            told.skipped.append((label, f"the name {tool.name} belongs to another tool; give a prefix"))
        else:
            old, new = entry.tool, kept(tool, entry.tool)
            if new == old:
                told.unchanged.append(new.name)
                continue
            version = old.version + (new.hash != old.hash)
            told.updated.append(Updated(new.name, version, tuple(changes(old, new))))
            yield new


def _foreign(entry: CatalogEntry | None, source: str) -> bool:
    """Whether a name belongs to a tool that did not come from this document."""
    return entry is not None and not (entry.tool.kind is Kind.HTTP and source in entry.tool.tags)


def kept(tool: Tool, old: Tool) -> Tool:
    """The tool with what people have set and no document says."""
    hosts = {"hosts": old.binding["hosts"]} if "hosts" in old.binding else {}
    return replace(
        tool,
        binding={**tool.binding, **hosts},
        version=old.version,
        does=old.does,
        undo=old.undo,
        price=old.price,
        limits=old.limits,
        believed=old.believed,
        cache=old.cache,
        trust=old.trust,
        most_seen=old.most_seen,
    )


def changes(old: Tool, new: Tool, *, longest: int = _SHOWN) -> Iterator[Change]:
    """What a reader of both definitions would see; values of up to `longest` bytes are told."""
    for what, before, after in _differences(old, new):
        kind = "added" if before is None else "removed" if after is None else "changed"
        yield Change(what, kind, _shown(before, longest), _shown(after, longest))


def _differences(old: Tool, new: Tool) -> Iterator[tuple[str, Any, Any]]:
    for what, before, after in (
        ("summary", old.summary, new.summary),
        ("description", old.description, new.description),
        ("effect", old.effect.value, new.effect.value),
        ("auth", dict(old.auth), dict(new.auth)),
        ("tags", list(old.tags), list(new.tags)),
        ("errors", list(old.docs.errors), list(new.docs.errors)),
        *((key, old.binding.get(key), new.binding.get(key)) for key in sorted({*old.binding, *new.binding})),
    ):
        if before != after:
            yield what, before, after
    yield from _field_differences("argument", old.input_schema, new.input_schema)
    yield from _field_differences("result", old.output_schema, new.output_schema)


def _field_differences(
    what: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    before, after = old.get("properties", {}), new.get("properties", {})
    found = False
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            found = True
            yield f"{what} {name}", before.get(name), after.get(name)
    first, second = set(old.get("required", ())), set(new.get("required", ()))
    if first != second:
        found = True
        yield f"required {what}s", sorted(first), sorted(second)
    if not found:
        yield f"schemas that {what}s refer to", _beside(old), _beside(new)


def _beside(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "properties"}


def _shown(value: Any, longest: int) -> Any:
    """The value where it is short enough to be read."""
    return value if len(orjson.dumps(value)) <= longest else None


def _registered_twice(
    tools: Sequence[Tool], known: Mapping[str, CatalogEntry]
) -> Iterator[tuple[str, str, str]]:
    """Tools that call what a tool of another name calls already."""
    there = {_target(entry.tool): name for name, entry in known.items() if entry.tool.kind is Kind.HTTP}
    for tool in tools:
        other = there.get(_target(tool), tool.name)
        if other != tool.name and not str(tool.binding["url"]).startswith(NOWHERE):
            yield tool.name, other, "it calls the same address"


def _target(tool: Tool) -> tuple[str, str]:
    return str(tool.binding.get("method", "GET")), str(tool.binding.get("url", ""))


def _gone(told: Imported, known: Mapping[str, CatalogEntry]) -> list[str]:
    names = {*told.created, *told.unchanged, *(one.name for one in told.updated)}
    return [name for name, entry in known.items() if told.source in entry.tool.tags and name not in names]


def _unavailable(tool: Tool, caller: ToolCaller, there: Collection[str]) -> str:
    if str(tool.binding["url"]).startswith(NOWHERE):
        return _NO_SERVER
    return caller.available(tool) or lacking(tool, there)
