"""Adding, changing and removing tools."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import Conflict, FieldProblem, Invalid, OrchestratorError
from orchestrator.ports import Catalog, CatalogEntry, Secrets, ToolCaller
from orchestrator.registry.checks import checked
from orchestrator.registry.endpoints import Store as Endpoints
from orchestrator.registry.endpoints import bound
from orchestrator.registry.secrets import lacking, unavailable
from tools.auth import secret_names
from tools.spec import Tool

#: Tools of one commit: the writer has others to serve in between.
AT_ONCE = 200


async def register(
    tool: Tool,
    *,
    catalog: Catalog,
    caller: ToolCaller,
    secrets: Secrets,
    modules: Sequence[str],
    endpoints: Endpoints,
    owner: bool = False,
) -> CatalogEntry:
    """A new tool, searchable at once; one that cannot be called here is kept as unavailable.

    `owner` says that the holder of the service's own key asks: others may not give secrets to a tool.
    Raises `Invalid`, `NotBuilt`, `Forbidden`, `Conflict` when the name is taken.
    """
    fit = await bound(checked(tool, modules=modules, owner=owner), endpoints)
    reason = await unavailable(fit, caller=caller, secrets=secrets)
    return await catalog.add(fit, reason=reason)


async def update(
    name: str,
    tool: Tool,
    *,
    catalog: Catalog,
    caller: ToolCaller,
    secrets: Secrets,
    modules: Sequence[str],
    endpoints: Endpoints,
    owner: bool = False,
) -> CatalogEntry:
    """A new version of a tool; runs that pinned the old one keep it. Raises `NotFound` too."""
    if tool.name != name:
        detail = f"the address says {name!r}; a tool cannot be renamed"
        raise Invalid("The names differ.", problems=[FieldProblem("/name", detail)])
    await catalog.entry(name)
    fit = await bound(checked(tool, modules=modules, owner=owner), endpoints)
    reason = await unavailable(fit, caller=caller, secrets=secrets)
    return await catalog.add(fit, replace=True, reason=reason)


async def register_many(
    tools: Sequence[Tool],
    *,
    catalog: Catalog,
    caller: ToolCaller,
    secrets: Secrets,
    modules: Sequence[str],
    endpoints: Endpoints,
    owner: bool = False,
) -> list[CatalogEntry | OrchestratorError]:
    """As `register`, each judged alone and in order, in few commits; what was refused is its error."""
    taken = set(await catalog.entries())
    judged: list[CatalogEntry | OrchestratorError | Tool] = []
    for tool in tools:
        try:
            fit = await bound(checked(tool, modules=modules, owner=owner), endpoints)
            _take(fit.name, taken)
            judged.append(fit)
        except OrchestratorError as error:
            judged.append(error)
    fresh = [one for one in judged if isinstance(one, Tool)]
    there = await secrets.values({name for tool in fresh for name in secret_names(tool)})
    reasons = {t.name: why for t in fresh if (why := caller.available(t) or lacking(t, there))}
    made: dict[str, CatalogEntry | OrchestratorError] = {}
    for start in range(0, len(fresh), AT_ONCE):
        made |= await _added(fresh[start : start + AT_ONCE], catalog, reasons)
    return [made[one.name] if isinstance(one, Tool) else one for one in judged]


def _take(name: str, taken: set[str]) -> None:
    if name in taken:
        raise Conflict(f"there is a tool {name!r} already; PUT /v1/tools/{name} makes a new version")
    taken.add(name)


async def _added(
    tools: Sequence[Tool], catalog: Catalog, reasons: dict[str, str]
) -> dict[str, CatalogEntry | OrchestratorError]:
    try:
        return {entry.tool.name: entry for entry in await catalog.add_all(tools, reasons=reasons)}
    except Conflict as error:
        if len(tools) == 1:
            return {tools[0].name: error}
    # Somebody registered one of the names meanwhile: each alone tells which.
    made: dict[str, CatalogEntry | OrchestratorError] = {}
    for tool in tools:
        made |= await _added([tool], catalog, reasons)
    return made
