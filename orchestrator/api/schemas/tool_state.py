"""What becomes of tools, and where they come from, as it is asked and told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Moment, Told
from orchestrator.api.schemas.imports import ChangeOut
from orchestrator.ports import ToolStatus
from orchestrator.registry.imports import changes
from orchestrator.registry.sources import Origin
from tools.spec import Tool


class DisableIn(Asked):
    """Why a tool is disabled."""

    reason: Annotated[str, Field(min_length=1, max_length=500)] = "a person has disabled it"


class VersionOut(Told):
    """A version of a tool, and in what it differs from the one before."""

    version: int
    hash: str
    created_at: Moment
    changes: list[ChangeOut]

    @classmethod
    def all_of(cls, versions: Sequence[tuple[Tool, float]]) -> list[VersionOut]:
        """Of all versions, newest first."""
        pairs = [*pairwise(versions), *((one, None) for one in versions[-1:])]
        return [
            cls(
                version=tool.version,
                hash=tool.hash,
                created_at=at,
                changes=[] if old is None else [ChangeOut.of(one) for one in changes(old[0], tool)],
            )
            for (tool, at), old in pairs
        ]


class SourceOut(Told):
    """A source of tools: `built-in`, `registered`, or `openapi:`, `mcp:`, `python:`, `command:` and a name.

    `importable` says that it is an MCP server which the operator has named, whether or not its tools
    have been imported.
    """

    name: str
    importable: bool
    tools: int
    counts: dict[ToolStatus, int]

    @classmethod
    def of(cls, origin: Origin) -> SourceOut:
        """Of what the registry says."""
        counts = dict(origin.counts)
        return cls(name=origin.name, importable=origin.importable, tools=sum(counts.values()), counts=counts)
