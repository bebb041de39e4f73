"""Secrets of tools as an operator keeps them; tools that lack one are not planned with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.ports import Catalog, Secrets, ToolCaller
from tools.auth import secret_names, secrets_of
from tools.endpoints.record import Endpoint
from tools.spec import Tool

#: The states that follow from whether a tool can be called; the others are a person's word.
_FOLLOWING = ("active", "unavailable")


class Vault(Secrets, Protocol):
    """The store of secrets, as an operator may change it."""

    async def put(self, name: str, value: str, *, replace: bool = True) -> bool:
        """Keep a value; answers whether the name is new. Raises `Conflict`."""
        ...

    async def remove(self, name: str) -> None:
        """Forget it. Raises `NotFound`."""
        ...


class Endpoints(Protocol):
    """The store of model endpoints."""

    async def all(self) -> Sequence[Endpoint]:
        """By name."""
        ...


async def set_secret(
    name: str, value: str, *, vault: Vault, catalog: Catalog, caller: ToolCaller, replace: bool = True
) -> bool:
    """Keep a value, and let the tools that lacked it be called. Raises `Conflict`."""
    new = await vault.put(name, value, replace=replace)
    await follow(name, secrets=vault, catalog=catalog, caller=caller)
    return new


async def remove_secret(name: str, *, vault: Vault, catalog: Catalog, caller: ToolCaller) -> None:
    """Forget a value; tools that need it become unavailable. Raises `NotFound`."""
    await vault.remove(name)
    await follow(name, secrets=vault, catalog=catalog, caller=caller)


async def follow(name: str, *, secrets: Secrets, catalog: Catalog, caller: ToolCaller) -> None:
    """Make the state of every tool that uses the secret say whether it can be called now."""
    users = [
        entry
        for entry in (await catalog.entries()).values()
        if entry.status in _FOLLOWING and name in secret_names(entry.tool)
    ]
    there = await secrets.values({one for entry in users for one in secret_names(entry.tool)})
    reasons = {e.tool.name: caller.available(e.tool) or lacking(e.tool, there) for e in users}
    changed = [entry.tool for entry in users if entry.reason != reasons[entry.tool.name]]
    if changed:
        await catalog.add_all(changed, replace=True, reasons=reasons)


async def unavailable(tool: Tool, *, caller: ToolCaller, secrets: Secrets) -> str:
    """Why the tool cannot be called, with what to do about it; "" when it can."""
    return caller.available(tool) or lacking(tool, await secrets.values(secret_names(tool)))


def lacking(tool: Tool, there: Collection[str]) -> str:
    """Which of its secrets are not among those that are there; "" when none is lacking."""
    missing = [name for name in secret_names(tool) if name not in there]
    if not missing:
        return ""
    how = "; ".join(f"toolpath secrets set {name}" for name in missing)
    return f"the secret {', '.join(missing)} is not set, or no present key opens it: {how}"


@dataclass(slots=True)
class Users:
    """What uses a secret, by name."""

    tools: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)


async def users_of(catalog: Catalog, endpoints: Endpoints) -> dict[str, Users]:
    """The tools and endpoints that use each secret, by its name."""
    found: dict[str, Users] = {}
    for entry in (await catalog.entries()).values():
        for name in secret_names(entry.tool):
            found.setdefault(name, Users()).tools.append(entry.tool.name)
    for endpoint in await endpoints.all():
        for name in secrets_of(endpoint.auth):
            found.setdefault(name, Users()).endpoints.append(endpoint.name)
    return found
