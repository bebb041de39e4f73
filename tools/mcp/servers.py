"""Which server is meant, and where it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tools.spec import Tool


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A program that speaks over its standard input and output; only the operator names it."""

    command: str
    args: tuple[str, ...] = ()
    #: Added to the few harmless variables that it inherits.
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A server by the operator's name for it, or by its URL; exactly one of them is given."""

    server: str | None = None
    url: str | None = None

    @classmethod
    def of(cls, tool: Tool) -> Address:
        """The server of an imported tool."""
        return cls(server=tool.binding.get("server"), url=tool.binding.get("url"))

    @property
    def label(self) -> str:
        """For people, and as a tag of its tools."""
        return f"mcp:{self.server or self.url}"


def session_key(
    address: Address, auth: Mapping[str, object], secrets: Mapping[str, str], *, salt: bytes
) -> str:
    """Calls with the same key share a session: the same server, called as the same somebody.

    Who calls is told by the values of `secrets`, not by their names: another caller may have other values
    under them, and a secret that was changed is somebody else. Only a hash of them is kept.
    """
    who = json.dumps([dict(auth), dict(secrets)], sort_keys=True, default=dict).encode()
    return json.dumps([address.server, address.url, hashlib.blake2b(who, key=salt).hexdigest()])


def unknown(name: str, known: Iterable[str]) -> str:
    """What to say of a program that the operator has not named."""
    named = ", ".join(sorted(known)) or "none"
    return f"the operator has named no MCP server {name!r} in toolpath.toml; named are: {named}"
