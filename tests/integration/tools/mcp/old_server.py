"""A server of 2025-11-25 in plain JSON-RPC, which asks in the middle of calls: `old_server.py NOTES`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTES = Path(sys.argv[1])
FORM = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 2}},
    "required": ["name"],
}
PAGE = "https://example.org/consent?id=7"
_asked = 0


class Refused(Exception):
    """The client answered a question with an error."""


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0"} | message), flush=True)


def ask(**params: Any) -> dict[str, Any]:
    global _asked  # noqa: PLW0603 - one number of one program
    _asked += 1
    send({"id": f"q{_asked}", "method": "elicitation/create", "params": params})
    while True:
        reply = json.loads(sys.stdin.readline())
        if reply.get("id") == f"q{_asked}":
            if "error" in reply:
                raise Refused(reply["error"]["message"])
            return reply["result"]


def names(_: dict[str, Any]) -> str:
    first = ask(message="Who is it for?", requestedSchema=FORM)["content"]["name"]
    second = ask(message=f"And who goes with {first}?", requestedSchema=FORM)["content"]["name"]
    with NOTES.open("a") as notes:
        notes.write(f"{first} and {second}\n")
    return f"for {first} and {second}"


def consent(_: dict[str, Any]) -> str:
    said = ask(mode="url", message="Agree on the page", url=PAGE, elicitationId="e7")
    return f"the page: {said['action']}"


def easy(_: dict[str, Any]) -> str:
    try:
        return ask(message="Any wishes?", requestedSchema=FORM)["content"]["name"]
    except Refused as error:
        return f"no wishes: {error}"


def progress(meta: dict[str, Any]) -> str:
    for part in range(1, 101):
        params = {"progressToken": meta["progressToken"], "progress": part, "total": 100}
        send({"method": "notifications/progress", "params": params | {"message": f"part {part}"}})
        time.sleep(0.025)
    return "done"


TOOLS: dict[str, Callable[[dict[str, Any]], str]] = {
    "names": names, "consent": consent, "easy": easy, "easy_read": easy, "progress": progress
}  # fmt: skip


def call(params: dict[str, Any]) -> dict[str, Any]:
    if params["name"] == "locked" and not NOTES.with_suffix(".visited").exists():
        visit = {"mode": "url", "message": "Log in", "url": PAGE, "elicitationId": "e8"}
        return {"error": {"code": -32042, "message": "visit first", "data": {"elicitations": [visit]}}}
    try:
        text = "open" if params["name"] == "locked" else TOOLS[params["name"]](params.get("_meta", {}))
    except Refused as error:
        return {"result": {"content": [{"type": "text", "text": str(error)}], "isError": True}}
    return {"result": {"content": [{"type": "text", "text": text}]}}


def main() -> None:
    while line := sys.stdin.readline():
        told = json.loads(line)
        match told.get("method"):
            case "initialize":
                info = {"name": "old", "version": "1"}
                result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
                send({"id": told["id"], "result": result})
            case "tools/list":
                tools = [
                    {
                        "name": name,
                        "inputSchema": {"type": "object"},
                        "annotations": {"readOnlyHint": "read" in name},
                    }
                    for name in (*TOOLS, "locked")
                ]
                next(one for one in tools if one["name"] == "easy_read")["annotations"] = {
                    "readOnlyHint": True
                }
                send({"id": told["id"], "result": {"tools": tools}})
            case "tools/call":
                send({"id": told["id"]} | call(told["params"]))
            case method if "id" in told:
                send({"id": told["id"], "error": {"code": -32601, "message": f"no {method}"}})


if __name__ == "__main__":
    main()
