"""Requests of imported tools, judged by Stoplight's prism, which mocks a document and checks requests.

    make bench-peers
    TOOLPATH_BENCH_DATA=… .venv/bin/python -m benchmarks.openapi.beside_prism [--operations N] [WORD …]

For a sample of each document's operations two calls are made over the loopback: with the arguments
that are required, and with all. Refused is what prism names as a violation of the request, or
finds no path for. Words choose documents by name.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from benchmarks.openapi.corpus import documents, imported
from benchmarks.openapi.samples import both
from tests.servers import free_port
from tools.adapter import CallContext
from tools.adapters.credentials import Authority, Credentials
from tools.adapters.http_bodies import content_of
from tools.adapters.http_requests import build
from tools.errors import ToolError
from tools.net import Net, Reply
from tools.openapi.loading import parsed
from tools.spec import Tool
from tools.testing import MemoryFiles

PRISM = Path(".bench/prism/node_modules/@stoplight/prism-cli/dist/index.js")
SERVER = "https://server.example"
_READY = 60.0
_COUNTS = ("operations", "calls", "accepted", "spoilt", "noticed", "unsampled")
#: Problems of prism that are about the request.
_REFUSALS = (
    "NO_PATH_MATCHED_ERROR",
    "NO_METHOD_MATCHED_ERROR",
    "NO_SERVER_MATCHED_ERROR",
    "UNAUTHORIZED",
    "UNPROCESSABLE_ENTITY",
    "INVALID_CONTENT_TYPE",
)


@dataclass(slots=True)
class Verdict:
    """Of one document: calls made, taken and refused, and operations without a sample."""

    document: str
    operations: int = 0
    calls: int = 0
    accepted: int = 0
    unsampled: int = 0
    #: Calls that lack a required argument, and how many of them prism noticed.
    spoilt: int = 0
    noticed: int = 0
    refused: list[str] = field(default_factory=list)
    error: str = ""


@contextlib.contextmanager
def mock(document: Path) -> Iterator[str]:
    """A prism that serves the document; its address."""
    port = free_port()
    command = ["node", str(PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), str(document)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait(process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _plain(path: Path, chosen: list[Tool], scratch: Path) -> Path:
    """The document as JSON, cut to the requests of the chosen operations and what they refer to.

    Prism follows references to the outside even in examples, and takes minutes for a large document
    whose schemas contain themselves.
    """
    document = _at_home(parsed(path.read_bytes()))
    wanted = {str(tool.binding["url"]).removeprefix(SERVER) for tool in chosen}
    paths = {name: item for name, item in document["paths"].items() if name.partition("#")[0] in wanted}
    for item in paths.values():
        for operation in item.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"] = {"200": {"description": "ok"}}
                operation.pop("callbacks", None)
    document["paths"] = paths
    document.pop("webhooks", None)
    for home in (document.get("components", {}).get("schemas"), document.get("definitions")):
        if home:
            _prune(home, paths, document)
    copy = scratch / "document.json"
    copy.write_bytes(orjson.dumps(document))
    return copy


def _prune(schemas: dict[str, Any], paths: Any, document: dict[str, Any]) -> None:
    """Take out the schemas that nothing left refers to."""
    others = {key: value for key, value in document.get("components", {}).items() if key != "schemas"}
    old = [document.get("parameters"), document.get("responses")]
    queue = _names([paths, others, old])
    found = set(queue)
    for name in queue:
        new = [one for one in _names(schemas.get(name)) if one not in found]
        found |= set(new)
        queue += new
    for name in set(schemas) - found:
        del schemas[name]


def _names(value: Any) -> list[str]:
    text = orjson.dumps(value).decode()
    return list(dict.fromkeys(re.findall(r'"#/(?:components/schemas|definitions)/([^"/]+)', text)))


def _at_home(value: Any) -> Any:
    if isinstance(value, list):
        return [_at_home(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _at_home(one)
        for key, one in value.items()
        if key != "$ref" or not isinstance(one, str) or one.startswith("#")
    }


def _wait(process: subprocess.Popen[bytes], log: Any) -> None:
    end = time.monotonic() + _READY
    while time.monotonic() < end:
        log.seek(0)
        said = log.read()
        if "Prism is listening" in said:
            return
        if process.poll() is not None:
            raise RuntimeError(said[-500:])
        time.sleep(0.2)
    raise RuntimeError("prism did not come up")


async def judge(path: Path, *, operations: int, scratch: Path) -> Verdict:
    """What prism says of a document's tools."""
    verdict = Verdict(path.name)
    tools = imported(path, server=SERVER).tools
    chosen = random.Random(7).sample(tools, min(operations, len(tools)))
    if not chosen:
        return verdict
    try:
        with mock(_plain(path, chosen, scratch)) as address:
            await _call(chosen, address, verdict, scratch)
    except (RuntimeError, OSError) as error:
        verdict.error = str(error)[-300:]
    return verdict


async def _call(chosen: list[Tool], address: str, verdict: Verdict, scratch: Path) -> None:
    verdict.operations = len(chosen)
    file = scratch / "file.bin"
    file.write_bytes(b"content")
    net = Net(allow=["127.0.0.1"], timeout=60)
    for one in chosen:
        url = address + str(one.binding["url"]).removeprefix(SERVER)
        tool = replace(one, binding={**one.binding, "url": url})
        for how, arguments in both(tool, file):
            if arguments is None:
                verdict.unsampled += 1
                continue
            verdict.calls += 1
            fault = await _refusal(net, tool, arguments)
            if how == "least" and not fault:
                await _spoil(net, tool, arguments, verdict)
            if fault:
                verdict.refused.append(f"{tool.name} ({how}): {fault}")
            else:
                verdict.accepted += 1
    await net.aclose()


async def _spoil(net: Net, tool: Tool, arguments: dict[str, Any], verdict: Verdict) -> None:
    """Leave out what is required in the query or the body: a judge that takes that too is none."""
    places = tool.binding["parameters"]
    for name in tool.input_schema.get("required", ()):
        place = places.get(name, "body")
        if place == "body" or place["in"] == "query":
            verdict.spoilt += 1
            left = {key: value for key, value in arguments.items() if key != name}
            verdict.noticed += bool(await _refusal(net, tool, left))
            return


async def _refusal(net: Net, tool: Tool, arguments: dict[str, Any]) -> str:
    """Why prism does not take the request; "" where it does."""
    try:
        request = build(tool, arguments)
        headers = request.headers
        if request.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies)
        content = await content_of(request, headers)
        credentials = await _credentials(net, tool, headers)
        asked = replace(request, query=credentials.within(request.query))
        reply = await net.request(
            request.method, asked.url, headers=credentials.over(headers), content=content
        )
    except ToolError as error:
        return f"{type(error).__name__}: {error}"
    return _fault(reply)


async def _credentials(net: Net, tool: Tool, headers: dict[str, str]) -> Credentials:
    """Some, in the places that the document wants them in; no token server is asked."""
    auth = {"bearer" if way == "oauth2" else way: "secret" for way in tool.auth}
    context = CallContext("key", MemoryFiles(Path()), Path(), secrets={"secret": "user:word"})
    return await Authority(net).credentials(replace(tool, auth=auth), context, headers=headers)


def _violations(reply: Reply) -> str:
    """What is wrong with the request; the header is cut where answers of the mock are wrong at length."""
    text = unquote(reply.headers.get("sl-violations", ""))
    found = re.findall(r'\{"location":\["request",?(.*?)\],"severity":"Error".*?"message":"(.*?)"\}', text)
    return "; ".join(f"{where} {message}" for where, message in found)[:300]


def _fault(reply: Reply) -> str:
    told = _violations(reply)
    if told:
        return told
    problem: Any = {}
    with contextlib.suppress(ValueError):
        problem = json.loads(reply.body)
    kind = str(problem.get("type", "")) if isinstance(problem, dict) else ""
    refused = any(kind.endswith(f"#{word}") for word in _REFUSALS)
    return f"{kind.rpartition('#')[2]} {problem.get('validation', '')}"[:300] if refused else ""


async def main() -> None:
    """Judge all documents and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operations", type=int, default=40)
    parser.add_argument("--json", type=Path)
    parser.add_argument("words", nargs="*")
    given = parser.parse_args()
    if not PRISM.exists():
        sys.exit("prism is not installed: make bench-peers")
    verdicts = []
    for path in documents(given.words):
        with tempfile.TemporaryDirectory() as scratch:
            verdict = await judge(path, operations=given.operations, scratch=Path(scratch))
        verdicts.append(verdict)
        counts = {word: getattr(verdict, word) for word in _COUNTS}
        print(f"{verdict.document:45} {counts} {verdict.error}", flush=True)
        for line in verdict.refused[:8]:
            print(f"    {line}", flush=True)
    print({word: sum(getattr(verdict, word) for verdict in verdicts) for word in _COUNTS})
    if given.json:
        given.json.write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))


if __name__ == "__main__":
    asyncio.run(main())
