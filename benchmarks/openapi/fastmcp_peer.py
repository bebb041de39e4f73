"""Prints what fastmcp makes of a document, as JSON; runs in an environment of its own.

.bench/fastmcp/bin/python benchmarks/openapi/fastmcp_peer.py DOCUMENT.json
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

import httpx2
from fastmcp import FastMCP


async def main() -> None:
    """One object by method and path: the name of the tool, its arguments, and which are required."""
    logging.disable(logging.CRITICAL)
    document = json.loads(Path(sys.argv[1]).read_text())
    client = httpx2.AsyncClient(base_url="https://server.example")
    server = FastMCP.from_openapi(document, client=client, validate_output=False)
    told = []
    for tool in await server.list_tools():
        route = tool._route
        told.append(
            {
                "method": route.method.upper(),
                "path": route.path,
                "id": route.operation_id,
                "name": tool.name,
                "arguments": sorted(tool.parameters.get("properties", {})),
                "required": sorted(tool.parameters.get("required", ())),
            }
        )
    print(json.dumps(told))


asyncio.run(main())
