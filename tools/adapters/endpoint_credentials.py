"""What calls to a model endpoint, and looks at it, carry to prove who we are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tools.adapter import CallContext, Files
from tools.adapters.credentials import Authority
from tools.auth import secret_names
from tools.endpoints.record import Endpoint
from tools.spec import File, Json, Kind, Tool

#: Seconds for getting an access token ahead of a look.
_TIMEOUT = 10.0


class Secrets(Protocol):
    """Values that calls need and nobody sees, by their names."""

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        """Those that there are not are left out."""
        ...


class NoSecrets:
    """Where none are kept."""

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        """None."""
        del names
        return {}


class EndpointCredentials:
    """Makes the headers that an endpoint's `auth` asks for, at the last moment."""

    def __init__(self, authority: Authority, secrets: Secrets) -> None:
        self._authority, self._secrets = authority, secrets

    async def headers(self, endpoint: Endpoint, context: CallContext) -> dict[str, str]:
        """For a call; what they are made of is masked in the call's record. Raises `ToolError`."""
        if not endpoint.auth:
            return {}
        as_tool = _as_tool(endpoint)
        values = await self._secrets.values(secret_names(as_tool))
        context.derived.extend(values.values())
        made = await self._authority.credentials(as_tool, replace(context, secrets=values), headers={})
        return made.headers

    async def headers_of_look(self, endpoint: Endpoint) -> dict[str, str]:
        """For what is no tool's call: a look, a question of the planner's. Raises `ToolError`."""
        return await self.headers(endpoint, CallContext("look", _NoFiles(), Path(), timeout=_TIMEOUT))


def _as_tool(endpoint: Endpoint) -> Tool:
    """What the makers of credentials know how to read; its name stands in their errors."""
    return Tool(endpoint.name, "", Kind.HTTP, {}, {}, auth=endpoint.auth)


class _NoFiles(Files):
    """A look has none."""

    async def load(self, artifact: str) -> File:
        raise NotImplementedError(artifact)

    async def save(self, path: Path, *, media_type: str, name: str) -> Mapping[str, Json]:
        raise NotImplementedError(path, media_type, name)
