"""Taking over the tools of an MCP server; what the server changes later waits for a person's word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from orchestrator.errors import FieldProblem, Forbidden, Invalid
from orchestrator.ports import CatalogEntry, Secrets, ToolCaller
from orchestrator.registry.imports import Change, Updated, changes, kept
from orchestrator.registry.port_types import ports_from
from tools.auth import faults, secret_names
from tools.mcp.offers import Offered
from tools.mcp.servers import Address
from tools.spec import Kind, Tool

#: Bytes of a value in a change that a person has to look at.
_SHOWN = 100_000
#: Fields of `auth` that a server tells itself.
_TOLD = ("token_url",)
_CHANGED = "its server has changed its definition; look at the change, then approve it"


class Quarantine(Protocol):
    """The catalog, as far as an import of changeable definitions needs it."""

    async def entries(self) -> Mapping[str, CatalogEntry]:
        """The newest version of each tool in sight."""
        ...

    async def add_all(
        self, new: Sequence[Tool], *, replace: bool = False, reasons: dict[str, str] | None = None
    ) -> list[CatalogEntry]:
        """Register many in one commit."""
        ...

    async def quarantine(self, name: str, pending: Tool | None, *, reason: str) -> None:
        """Plan with it no more until `pending` is approved. Raises `NotFound`."""
        ...


class Servers(Protocol):
    """Asks servers what they offer."""

    async def offered(
        self, address: Address, *, prefix: str, auth: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Offered:
        """One tool a definition. Raises `ToolError`."""
        ...


@dataclass(slots=True)
class McpImported:
    """What an import did, or with `dry_run` would do."""

    source: str
    created: list[str] = field(default_factory=list)
    #: Tools that the server now defines otherwise; they wait for approval.
    quarantined: list[Updated] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    #: (The server's name of a tool, why it became none).
    skipped: list[tuple[str, str]] = field(default_factory=list)
    #: Tools of an earlier import that the server no longer has; they are left as they are.
    gone: list[str] = field(default_factory=list)


async def import_mcp(
    address: Address,
    *,
    prefix: str | None,
    auth: Mapping[str, Any],
    catalog: Quarantine,
    caller: ToolCaller,
    servers: Servers,
    secrets: Secrets,
    owner: bool = False,
    dry_run: bool = False,
) -> McpImported:
    """One tool a definition; without a `prefix` names begin with the server's.

    Only the `owner` of the service gives a server secrets. Raises `Forbidden`, `Invalid` for
    an address that cannot be, and `ToolError` for a server that cannot be asked.
    """
    _check(address, auth, owner=owner)
    needed = secret_names(Tool(address.label, "", Kind.MCP, {}, {}, auth=auth))
    before = _prefix(address) if prefix is None else prefix
    values = await secrets.values(needed)
    made = await servers.offered(address, prefix=before, auth=auth, secrets=values)
    known = await catalog.entries()
    told = McpImported(address.label, skipped=list(made.skipped))
    fresh = list(_sorted_out(made, known, told))
    names = {*told.created, *told.unchanged, *(one.name for one in told.quarantined)}
    told.gone = [name for name, entry in known.items() if _of(entry, address.label) and name not in names]
    if not dry_run:
        await _write(fresh, known, catalog=catalog, caller=caller)
    return told


def pending_changes(old: Tool, new: Tool) -> tuple[Change, ...]:
    """What a person has to look at before approving; the hash alone says only that there is more to it."""
    found = tuple(changes(old, new, longest=_SHOWN))
    return tuple(one for one in found if one.what != "definition") or found


async def review(tool: Tool, now: Offered, *, catalog: Quarantine) -> None:
    """Quarantine a tool whose server now defines it otherwise than was approved."""
    entry = (await catalog.entries()).get(tool.name)
    if entry is None or entry.tool.hash != tool.hash:
        return  # removed, or approved in its new form already: what was called is an older version
    pending, reason = None, _CHANGED
    if now.tools:
        pending = _as_known(now.tools[0], entry.tool)
    else:
        reason = f"its server has changed its definition to what cannot be called: {now.skipped[0][1]}"
    waits = None if entry.pending is None else entry.pending.hash
    waits_already = entry.status in ("quarantined", "disabled")
    if not waits_already or waits != (pending and pending.hash):
        await catalog.quarantine(tool.name, pending, reason=reason)


def _check(address: Address, auth: Mapping[str, Any], *, owner: bool) -> None:
    if (address.server is None) == (address.url is None):
        detail = "give either server or url"
        raise Invalid(detail, problems=[FieldProblem("/server", detail)])
    if auth and address.url is None:
        detail = "a program gets its secrets by `env` in toolpath.toml"
        raise Invalid(detail, problems=[FieldProblem("/auth", detail)])
    if auth and not owner:
        raise Forbidden("Only the service's own key may give a server a secret.")
    problems = [FieldProblem(f"/auth{pointer}", detail) for pointer, detail in faults(auth, optional=_TOLD)]
    problems += [
        FieldProblem(f"/auth/{way}", "servers of MCP take bearer, basic, oauth2 and header:NAME")
        for way in auth
        if way.partition(":")[0] in ("query", "cookie")
    ]
    if problems:
        raise Invalid(f"{problems[0].path}: {problems[0].detail}", problems=problems)


def _prefix(address: Address) -> str:
    """The operator's name for the server; of an address what tells it from others."""
    if address.server is not None:
        return address.server
    host = (urlsplit(address.url or "").hostname or "").removeprefix("www.")
    first = host.removeprefix("mcp.").partition(".")[0]
    return first if first and not first.isdigit() else ""


def _of(entry: CatalogEntry, label: str) -> bool:
    return entry.tool.kind is Kind.MCP and label in entry.tool.tags


def _sorted_out(
    made: Offered, known: Mapping[str, CatalogEntry], told: McpImported
) -> Iterator[tuple[Tool, bool]]:
    """The tools to write, and whether each has to wait; `told` gets to know what happens to each."""
    mine = {entry.tool.binding["tool"]: entry for entry in known.values() if _of(entry, told.source)}
    for tool in made.tools:
        entry = mine.get(tool.binding["tool"])
        if entry is None and tool.name in known:
            reason = f"the name {tool.name} belongs to another tool; give a prefix"
            told.skipped.append((tool.binding["tool"], reason))
        elif entry is None:
            told.created.append(tool.name)
            yield replace(tool, ports=ports_from(tool.input_schema, tool.output_schema)), False
        elif (new := _as_known(tool, entry.tool)).hash != entry.tool.hash:
            diff = pending_changes(entry.tool, new)
            told.quarantined.append(Updated(new.name, entry.tool.version + 1, diff))
            yield new, True
        else:
            told.unchanged.append(new.name)
            if new != entry.tool or entry.pending is not None or entry.status == "quarantined":
                yield new, False


def _as_known(tool: Tool, old: Tool) -> Tool:
    """The tool under the name it has here, with what people have set."""
    ports = ports_from(tool.input_schema, tool.output_schema)
    return kept(replace(tool, name=old.name, ports=ports), old)


async def _write(
    fresh: Sequence[tuple[Tool, bool]],
    known: Mapping[str, CatalogEntry],
    *,
    catalog: Quarantine,
    caller: ToolCaller,
) -> None:
    ready = [tool for tool, waits in fresh if not waits]
    if ready:
        reasons = {tool.name: reason for tool in ready if (reason := caller.available(tool))}
        await catalog.add_all(ready, replace=True, reasons=reasons)
    for tool, waits in fresh:
        pending = known[tool.name].pending if waits else None
        if waits and (pending is None or pending.hash != tool.hash):
            await catalog.quarantine(tool.name, tool, reason=_CHANGED)
