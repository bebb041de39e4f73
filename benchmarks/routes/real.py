"""The routers before eight real servers on this machine, one router after the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from tools.adapter import CallContext
from tools.endpoints.record import Endpoint, Hedge, Protocol, Replica
from tools.endpoints.router import Router
from tools.errors import ToolError
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

ROOT = Path(__file__).parents[2]
LITELLM = ROOT / ".bench/litellm/bin/python"
#: Mean seconds of a call at a good server, and requests a second.
MEAN, RATE = 0.2, 25.0
STRATEGIES = ("simple-shuffle", "least-busy", "latency-based-routing")
_ASK = Tool(
    name="ask",
    summary="Ask.",
    kind=Kind.MODEL,
    input_schema={"type": "object", "properties": {"n": {"type": "integer"}}},
    output_schema={"type": "object", "properties": {"text": {"type": "string"}}},
    binding={"endpoint": "it", "model": "m", "prompt": "say {{n}}"},
)


@contextlib.contextmanager
def servers() -> Iterator[list[str]]:
    """Their addresses, as long as they run."""
    command = [sys.executable, "-m", "benchmarks.routes.real_servers", str(MEAN)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(20)


class _Only:
    """The one endpoint there is."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def find(self, name: str) -> Endpoint | None:
        """It, whatever the name."""
        del name
        return self._endpoint


@contextlib.asynccontextmanager
async def asking(urls: list[str], hedge: Hedge) -> AsyncIterator[Callable[[int], Awaitable[object]]]:
    """Whole tool calls: checked, routed, sent by the guarded client, priced."""
    endpoint = Endpoint("it", Protocol.OPENAI, tuple(Replica(f"{url}/v1") for url in urls), hedge=hedge)
    net = Net(allow=["127.0.0.1"])
    async with Processes() as processes:
        toolbox = Toolbox(net=net, processes=processes, router=Router(_Only(endpoint)))
        with tempfile.TemporaryDirectory() as folder:
            context = CallContext("k", MemoryFiles(Path(folder)), Path(folder), timeout=60)
            yield lambda number: toolbox.call(_ASK, {"n": number}, context)
        await toolbox.aclose()
    await net.aclose()


async def ours(urls: list[str], requests: int, hedge: Hedge, seed: int = 1) -> dict[str, Any]:
    """Seconds of each call, those that failed, and seconds of CPU a call."""
    arrivals = random.Random(seed)
    seconds: list[float] = []
    failed: list[str] = []
    async with asking(urls, hedge) as ask:

        async def one(number: int) -> None:
            begun = time.perf_counter()
            try:
                await ask(number)
                seconds.append(time.perf_counter() - begun)
            except ToolError as error:
                failed.append(error.code)

        await one(-1)
        before = time.process_time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(requests):
                tasks.create_task(one(number))
                await asyncio.sleep(arrivals.expovariate(RATE))
        cpu = (time.process_time() - before) / requests
    return {"seconds": seconds, "failed": len(failed), "cpu": cpu}


def litellm(urls: list[str], strategy: str, requests: int, seed: int = 1) -> dict[str, Any]:
    """The peer; `overhead` is what its router adds to a call that no server answers."""
    command = [str(LITELLM), "-m", "benchmarks.routes.litellm_peer", json.dumps(urls), strategy]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    ran = subprocess.run(
        [*command, str(requests), str(RATE), str(seed)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def measure(requests: int) -> dict[str, dict[str, Any]]:
    """By router; litellm's only where it is installed."""
    found = {}
    with servers() as urls:
        for hedge in (Hedge.ALWAYS, Hedge.NEVER):
            name = "toolpath" if hedge is Hedge.ALWAYS else "toolpath, no second calls"
            found[name] = asyncio.run(ours(urls, requests, hedge))
        for strategy in STRATEGIES if LITELLM.exists() else ():
            found[f"litellm {strategy}"] = litellm(urls, strategy, requests)
    return found
