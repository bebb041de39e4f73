"""Engines to stand beside: plain asyncio, which is the limit, and Celery canvas."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.shapes import SHAPES, by_layer

#: (shape, seconds a node, runs at once) -> makespan of each run in seconds, wall seconds of all.
Burst = Callable[[str, float, int], Awaitable[tuple[list[float], float]]]
#: Seconds after which a burst counts as failed.
PATIENCE = 120.0

_WORKER = (
    "-m celery -A benchmarks.canvas worker -P threads -c 128 --without-gossip --without-mingle -l ERROR"
).split()


async def asyncio_burst(shape: str, seconds: float, runs: int) -> tuple[list[float], float]:
    """Plain tasks of one loop, nothing durable."""
    begun = time.perf_counter()
    spans = await asyncio.gather(*(_asyncio_run(shape, seconds) for _ in range(runs)))
    return list(spans), time.perf_counter() - begun


async def _asyncio_run(shape: str, seconds: float) -> float:
    begun = time.perf_counter()
    tasks: dict[int, asyncio.Task[None]] = {}

    async def node(parents: list[int]) -> None:
        for parent in parents:
            await tasks[parent]
        if seconds:
            await asyncio.sleep(seconds)

    async with asyncio.TaskGroup() as group:
        for number, parents in SHAPES[shape].items():
            tasks[number] = group.create_task(node(parents))
    return time.perf_counter() - begun


@asynccontextmanager
async def celery_engine(redis_url: str) -> AsyncIterator[Burst]:
    """Celery canvas: chains of chords, one worker process of 128 threads, results in Redis."""
    os.environ["BENCH_BROKER"] = redis_url
    from benchmarks import canvas

    worker = subprocess.Popen(
        [sys.executable, *_WORKER],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    async def burst(shape: str, seconds: float, runs: int) -> tuple[list[float], float]:
        layers, loop = by_layer(SHAPES[shape]), asyncio.get_running_loop()
        with ThreadPoolExecutor(runs) as pool:
            begun = time.perf_counter()
            waiting = [
                loop.run_in_executor(pool, canvas.run, layers, seconds, PATIENCE / 2) for _ in range(runs)
            ]
            spans = await asyncio.gather(*waiting)
        return list(spans), time.perf_counter() - begun

    try:
        await asyncio.to_thread(canvas.run, [[0]], 0.0, 30.0)
        yield burst
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)
