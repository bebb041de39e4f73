"""Adding, changing and removing tools."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import FieldProblem, Invalid
from orchestrator.ports import Catalog, CatalogEntry, ToolCaller
from orchestrator.registry.checks import checked
from tools.spec import Tool


async def register(
    tool: Tool, *, catalog: Catalog, caller: ToolCaller, modules: Sequence[str]
) -> CatalogEntry:
    """A new tool, searchable at once; one that cannot be called here is kept as unavailable.

    Raises `Invalid`, `NotBuilt`, `Conflict` when the name is taken.
    """
    fit = checked(tool, modules=modules)
    return await catalog.add(fit, reason=caller.available(fit) or "")


async def update(
    name: str, tool: Tool, *, catalog: Catalog, caller: ToolCaller, modules: Sequence[str]
) -> CatalogEntry:
    """A new version of a tool; runs that pinned the old one keep it. Raises `NotFound` too."""
    if tool.name != name:
        detail = f"the address says {name!r}; a tool cannot be renamed"
        raise Invalid("The names differ.", problems=[FieldProblem("/name", detail)])
    await catalog.entry(name)
    fit = checked(tool, modules=modules)
    return await catalog.add(fit, replace=True, reason=caller.available(fit) or "")
