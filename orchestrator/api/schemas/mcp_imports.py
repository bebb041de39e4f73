"""Imports from MCP servers, and approvals of what they change later."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Told
from orchestrator.api.schemas.imports import UpdatedOut
from orchestrator.registry.mcp_imports import McpImported
from tools.mcp.servers import Address


class ImportMcpIn(Asked):
    """A program that the operator has named in toolpath.toml, or the URL of a server."""

    server: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    url: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    #: Put before names that do not begin with it; the server's name without it, "" for none.
    prefix: Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$", max_length=32)] | None = None
    #: How calls prove who they are, by names of secrets.
    auth: dict[str, Any] = Field(default_factory=dict)
    #: Tell what would happen, and change nothing.
    dry_run: bool = False

    def address(self) -> Address:
        """Of the server."""
        return Address(server=self.server, url=self.url)


class SkippedToolOut(Told):
    """A tool of the server that became none here."""

    tool: str
    reason: str


class McpImportedOut(Told):
    """What an import did."""

    source: str
    created: list[str]
    #: Tools that the server now defines otherwise: they wait for approval.
    quarantined: list[UpdatedOut]
    unchanged: list[str]
    skipped: list[SkippedToolOut]
    #: Tools of an earlier import that the server no longer has; they were left as they are.
    gone: list[str]

    @classmethod
    def of(cls, told: McpImported) -> McpImportedOut:
        """Of what the registry says."""
        return cls(
            source=told.source,
            created=told.created,
            quarantined=[UpdatedOut.of(one) for one in told.quarantined],
            unchanged=told.unchanged,
            skipped=[SkippedToolOut(tool=tool, reason=reason) for tool, reason in told.skipped],
            gone=told.gone,
        )


class ApproveIn(Asked):
    """What is approved: `hash` of the pending definition that was looked at."""

    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
