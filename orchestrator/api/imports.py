"""Routes that take over tools which are described elsewhere."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import Caller, Parts
from orchestrator.api.schemas.imports import ImportedOut, ImportOpenApiIn
from orchestrator.api.schemas.mcp_imports import ImportMcpIn, McpImportedOut
from orchestrator.registry.imports import import_openapi
from orchestrator.registry.mcp_imports import import_mcp

router = APIRouter(prefix="/v1/tools/import", tags=["tools"])


@router.post("/openapi", summary="Import an OpenAPI document")
async def openapi(body: ImportOpenApiIn, parts: Parts, caller: Caller) -> ImportedOut:
    """One tool an operation, each judged alone; importing again shows what has changed."""
    told = await import_openapi(
        body.source(),
        body.options(),
        catalog=parts.catalog,
        caller=parts.tools,
        net=parts.net,
        processes=parts.processes,
        secrets=parts.secrets,
        owner=caller is None,
        dry_run=body.dry_run,
    )
    return ImportedOut.of(told)


@router.post("/mcp", summary="Import the tools of an MCP server")
async def mcp(body: ImportMcpIn, parts: Parts, caller: Caller) -> McpImportedOut:
    """One tool each; a definition that has changed since the last import waits for approval."""
    told = await import_mcp(
        body.address(),
        prefix=body.prefix,
        auth=body.auth,
        catalog=parts.catalog,
        caller=parts.tools,
        servers=parts.tools.mcp,
        secrets=parts.secrets,
        owner=caller is None,
        dry_run=body.dry_run,
    )
    return McpImportedOut.of(told)
