"""Adding, changing and removing tools."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import FieldProblem, Invalid
from orchestrator.ports import Catalog, CatalogEntry, Secrets, ToolCaller
from orchestrator.registry.checks import checked
from orchestrator.registry.endpoints import Store as Endpoints
from orchestrator.registry.endpoints import bound
from orchestrator.registry.secrets import unavailable
from tools.spec import Tool


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
