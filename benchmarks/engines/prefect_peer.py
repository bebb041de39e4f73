"""Prefect 3 with a temporary server on SQLite: a flow a run, futures the edges: `prefect_peer.py FOLDER`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

for key, value in {
    "PREFECT_HOME": sys.argv[1],
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
}.items():
    os.environ.setdefault(key, value)

from prefect import flow, task  # noqa: E402 - it reads the environment when it is imported
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

from benchmarks.engines.peer import Work, serve  # noqa: E402


@task(persist_result=False, cache_policy=None)
def node(seconds: float) -> int:
    """Wait."""
    if seconds:
        time.sleep(seconds)
    return 1


@flow(task_runner=ThreadPoolTaskRunner(max_workers=64), persist_result=False)
def run(parents: dict[int, list[int]], seconds: dict[int, float]) -> None:
    """Submit all, each waiting for its parents."""
    futures = {}
    for number, needs in parents.items():
        futures[int(number)] = node.submit(
            seconds[number], wait_for=[futures[int(parent)] for parent in needs]
        )
    for future in futures.values():
        future.result()


async def burst(work: Work, runs: int) -> tuple[list[float], float]:
    def one(_number: int) -> float:
        begun = time.perf_counter()
        run(work.parents, work.seconds)
        return time.perf_counter() - begun

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(runs) as pool:
        begun = time.perf_counter()
        spans = await asyncio.gather(*(loop.run_in_executor(pool, one, number) for number in range(runs)))
        return list(spans), time.perf_counter() - begun


async def main() -> None:
    await burst(Work("first", {0: []}, {0: 0.0}, [[0]]), 1)  # its first flow starts the server
    await serve(burst)


asyncio.run(main())
