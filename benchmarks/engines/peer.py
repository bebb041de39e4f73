"""The other end of `foreign`: bursts read as lines of JSON, their times answered as lines of JSON.

Imports the standard library only, since it runs under the Python of a peer's own environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A graph as the peer gets it: parents, seconds and layers by node."""

    name: str
    parents: dict[int, list[int]]
    seconds: dict[int, float]
    layers: list[list[int]]


Peer = Callable[[Work, int], Awaitable[tuple[list[float], float]]]


async def serve(peer: Peer) -> None:
    """Answer bursts until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the peer prints must not mix with the answers
    print(json.dumps({"ready": True}), file=answers, flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        work = Work(
            asked["name"],
            {int(node): parents for node, parents in asked["parents"].items()},
            {int(node): seconds for node, seconds in asked["seconds"].items()},
            asked["layers"],
        )
        try:
            spans, wall = await asyncio.wait_for(peer(work, asked["runs"]), asked["patience"])
            answer = {"spans": spans, "wall": wall}
        except Exception as error:  # noqa: BLE001 - a peer's failure is a result
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), file=answers, flush=True)
    os._exit(0)
