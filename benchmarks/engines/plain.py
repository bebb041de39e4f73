"""Plain asyncio, which is the limit: nothing it does is durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.shapes import Graph

#: (graph, runs at once) -> makespan of each run in seconds, wall seconds of all.
Burst = Callable[[Graph, int], Awaitable[tuple[list[float], float]]]
#: Seconds after which a burst counts as failed.
PATIENCE = 120.0


async def asyncio_burst(graph: Graph, runs: int) -> tuple[list[float], float]:
    """Plain tasks of one loop."""
    begun = time.perf_counter()
    spans = await asyncio.gather(*(_run(graph) for _ in range(runs)))
    return list(spans), time.perf_counter() - begun


async def _run(graph: Graph) -> float:
    begun = time.perf_counter()
    tasks: dict[int, asyncio.Task[None]] = {}

    async def node(number: int, parents: list[int]) -> None:
        for parent in parents:
            await tasks[parent]
        if graph.seconds[number]:
            await asyncio.sleep(graph.seconds[number])

    async with asyncio.TaskGroup() as group:
        for number, parents in graph.parents.items():
            tasks[number] = group.create_task(node(number, parents))
    return time.perf_counter() - begun
