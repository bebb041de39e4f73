"""DBOS on PostgreSQL: a workflow a run, an async step a node, layer by layer: `dbos_peer.py URL`."""

from __future__ import annotations

import asyncio
import sys
import time

from dbos import DBOS

from benchmarks.engines.peer import Work, serve

DBOS(
    config={
        "name": "bench",
        "system_database_url": sys.argv[1],
        "run_admin_server": False,
        "log_level": "ERROR",
    }
)


@DBOS.step()
async def node(seconds: float) -> str:
    """Wait."""
    if seconds:
        await asyncio.sleep(seconds)
    return "ok"


@DBOS.workflow()
async def workflow(layers: list[list[float]]) -> int:
    """Steps must start in a fixed order, so layers are gathered."""
    for layer in layers:
        await asyncio.gather(*(node(seconds) for seconds in layer))
    return 1


async def burst(work: Work, runs: int) -> tuple[list[float], float]:
    layers = [[work.seconds[number] for number in layer] for layer in work.layers]

    async def one() -> float:
        begun = time.perf_counter()
        handle = await DBOS.start_workflow_async(workflow, layers)
        await handle.get_result(polling_interval_sec=0.005)
        return time.perf_counter() - begun

    begun = time.perf_counter()
    spans = await asyncio.gather(*(one() for _ in range(runs)))
    return list(spans), time.perf_counter() - begun


async def main() -> None:
    DBOS.launch()
    await serve(burst)


asyncio.run(main())
