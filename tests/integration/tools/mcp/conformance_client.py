"""What the official conformance suite starts as a client: imports a server's tools, and calls each once.

The suite names the server's address last, the scenario and what belongs to it in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.adapter import CallContext
from tools.asking import Answers, Ask
from tools.errors import InputNeeded
from tools.mcp.servers import Address
from tools.net import Net
from tools.processes import Processes
from tools.spec import Tool
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox


async def main(url: str) -> None:
    given = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    auth, secrets = credentials(given)
    net, processes = Net(allow=("localhost", "127.0.0.1")), Processes(1)
    box = Toolbox(net=net, processes=processes)
    try:
        found = await box.mcp.offered(Address(url=url), prefix="", auth=auth, secrets=secrets)
        print(f"tools: {[tool.name for tool in found.tools]}, skipped: {found.skipped}")
        for tool in found.tools:
            with tempfile.TemporaryDirectory() as folder:
                print(tool.name, await called(box, tool, Path(folder), secrets))
    finally:
        await box.aclose()
        await processes.aclose()
        await net.aclose()


def credentials(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """`auth` and the secrets it names, for scenarios that have a client registered."""
    if "private_key_pem" in given:
        signs = {"client_id": "id", "private_key": "key", "algorithm": given["signing_algorithm"]}
        return {"oauth2": signs}, {"id": given["client_id"], "key": given["private_key_pem"]}
    if "client_secret" not in given:
        return {}, {}
    grant = {"client_id": "id", "client_secret": "key"}
    return {"oauth2": grant}, {"id": given["client_id"], "key": given["client_secret"]}


async def called(box: Toolbox, tool: Tool, folder: Path, secrets: Mapping[str, str]) -> object:
    """What the tool gives for numbers and words; who is asked takes what the server proposes."""
    fields = tool.input_schema.get("properties", {})
    arguments = {name: 5 if "number" in str(schema) else "some" for name, schema in fields.items()}
    answers: tuple[Answers, ...] = ()
    for _ in range(3):
        context = CallContext(
            "key", MemoryFiles(folder), folder, timeout=20.0, secrets=dict(secrets), answers=answers
        )
        try:
            return (await box.call(tool, arguments, context)).output
        except InputNeeded as error:
            replies = {ask.key: proposed(ask) for ask in error.asks}
            answers = (*answers, Answers(replies, error.state))
    return "it asks without end"


def proposed(ask: Ask) -> dict[str, Any]:
    form = ask.schema or {}
    return {
        name: field["default"] for name, field in form.get("properties", {}).items() if "default" in field
    }


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
