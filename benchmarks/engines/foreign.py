"""Peers that live in environments of their own, since their dependencies do not go with ours."""

from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.engines.plain import PATIENCE, Burst
from benchmarks.shapes import Graph

ROOT = Path(__file__).parents[2]
#: Made by `make bench-peers`.
ENVIRONMENTS = ROOT / ".bench"
#: Seconds in which a peer must be up; Prefect's first flow takes half a minute.
UP_WITHIN = 120.0
_LINE = 4 * 1024 * 1024

#: By engine: the environment, the program, and its arguments before the database's URL.
PEERS: dict[str, tuple[str, str, Sequence[str]]] = {
    "langgraph": ("langgraph", "langgraph_peer", ["graph"]),
    "langgraph-func": ("langgraph", "langgraph_peer", ["functional"]),
    "dbos": ("dbos", "dbos_peer", []),
    "prefect": ("prefect", "prefect_peer", []),
}


def installed(engine: str) -> bool:
    """Whether its environment has been made."""
    return (ENVIRONMENTS / PEERS[engine][0] / "bin/python").exists()


@asynccontextmanager
async def foreign_engine(engine: str, postgres_url: str) -> AsyncIterator[Burst]:
    """The peer's program runs while this is open."""
    environment, program, arguments = PEERS[engine]
    python = ENVIRONMENTS / environment / "bin/python"
    with tempfile.TemporaryDirectory() as folder:
        last = folder if engine == "prefect" else postgres_url.replace("+psycopg", "")
        command = [str(python), "-m", f"benchmarks.engines.{program}", *arguments, last]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            limit=_LINE,
        )
        try:
            await _answer(process, UP_WITHIN)
            yield _burst(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _burst(process: asyncio.subprocess.Process) -> Burst:
    async def burst(graph: Graph, runs: int) -> tuple[list[float], float]:
        asked = {
            "name": graph.name,
            "parents": graph.parents,
            "seconds": graph.seconds,
            "layers": graph.layers(),
            "runs": runs,
            "patience": PATIENCE,
        }
        assert process.stdin is not None
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        await process.stdin.drain()
        answer = await _answer(process, PATIENCE + 10)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["spans"], answer["wall"]

    return burst


async def _answer(process: asyncio.subprocess.Process, within: float) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), within)
    if not line:
        raise RuntimeError("the peer's program ended")
    answer: dict[str, Any] = json.loads(line)
    return answer
