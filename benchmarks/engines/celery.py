"""Celery canvas: chains of chords, one worker process of 128 threads, results in Redis."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.engines.plain import PATIENCE, Burst
from benchmarks.shapes import Graph

_WORKER = [
    *"-m celery -A benchmarks.engines.canvas worker -P threads -c 128".split(),
    *"--without-gossip --without-mingle -l ERROR".split(),
]


@asynccontextmanager
async def celery_engine(redis_url: str) -> AsyncIterator[Burst]:
    """Its worker runs while this is open."""
    os.environ["BENCH_BROKER"] = redis_url
    from benchmarks.engines import canvas

    worker = subprocess.Popen(
        [sys.executable, *_WORKER],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    async def burst(graph: Graph, runs: int) -> tuple[list[float], float]:
        layers = [[graph.seconds[node] for node in layer] for layer in graph.layers()]
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(runs) as pool:
            begun = time.perf_counter()
            waiting = [loop.run_in_executor(pool, canvas.run, layers, PATIENCE / 2) for _ in range(runs)]
            spans = await asyncio.gather(*waiting)
        return list(spans), time.perf_counter() - begun

    try:
        await asyncio.to_thread(canvas.run, [[0.0]], 30.0)
        yield burst
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)
