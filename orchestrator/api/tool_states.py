"""Routes of what becomes of tools: their versions, whether they may be used, and where they come from."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import Limit, Parts
from orchestrator.api.schemas.belief import EvidenceOut
from orchestrator.api.schemas.fields import PageOut
from orchestrator.api.schemas.mcp_imports import ApproveIn
from orchestrator.api.schemas.tool_out import RegisteredOut
from orchestrator.api.schemas.tool_state import DisableIn, SourceOut, VersionOut
from orchestrator.api.tools import told
from orchestrator.registry.secrets import unavailable
from orchestrator.registry.sources import sources

router = APIRouter(prefix="/v1", tags=["tools"])


@router.get("/sources", summary="Where tools come from")
async def listing(parts: Parts) -> PageOut[SourceOut]:
    """What ships, what was registered, and each imported document and server, with its tools counted."""
    known = await parts.catalog.entries()
    return PageOut[SourceOut](items=[SourceOut.of(one) for one in sources(known, parts.settings.mcp_servers)])


@router.get("/tools/{name}/versions", summary="The versions of a tool")
async def versions(name: str, parts: Parts) -> PageOut[VersionOut]:
    """Newest first, each with what it made different; runs keep the one that they were planned with."""
    return PageOut[VersionOut](items=VersionOut.all_of(await parts.catalog.versions(name)))


@router.get("/tools/{name}/evidence", summary="What the latest calls of a tool came to")
async def evidence(name: str, parts: Parts, limit: Limit = 200) -> PageOut[EvidenceOut]:
    """Of the newest 5,000 runs, newest first: what is believed of it over time rests on such steps."""
    await parts.catalog.entry(name)
    found = await parts.beliefs.evidence(name, limit=limit)
    return PageOut[EvidenceOut](items=[EvidenceOut.of(one) for one in found])


@router.post("/tools/{name}/approve", summary="Approve a changed definition")
async def approve(name: str, body: ApproveIn, parts: Parts) -> RegisteredOut:
    """The tool becomes what its server has made of it; a later change waits again."""
    return await told(await parts.catalog.approve(name, body.hash), parts)


@router.post("/tools/{name}/disable", summary="Keep a tool out of searches, plans and trials")
async def disable(name: str, parts: Parts, body: DisableIn | None = None) -> RegisteredOut:
    """Until it is enabled, whatever is imported meanwhile. Runs that are planned already go on."""
    reason = (body or DisableIn()).reason
    return await told(await parts.catalog.disable(name, reason=reason), parts)


@router.post("/tools/{name}/enable", summary="Take up a disabled tool again")
async def enable(name: str, parts: Parts) -> RegisteredOut:
    """It is unavailable where it cannot be called, and quarantined where a changed definition waits."""
    tool = (await parts.catalog.entry(name)).tool
    reason = await unavailable(tool, caller=parts.tools, secrets=parts.secrets)
    return await told(await parts.catalog.enable(name, reason=reason), parts)
