"""The execution engine beside its peers: made shapes and recorded workflows at 1, 10 and 100 runs at once.

    .venv/bin/python -m benchmarks.engine [--repeats 5] [--milliseconds 50,0] [--runs 1,10,100]
        [--engines asyncio,celery,…] [--graphs chain20,fan50,layer100,…] [--json FILE]

Engines are alternated within a repeat, so that they meet the same neighbours on a shared machine.
A node sleeps without holding a thread. Ours are planned before they are started together, as the
peers' graphs are built before; the makespan runs from the transaction that starts a run, and lays
its steps, to the one that ends it. `planning` is the time until all runs of a burst are planned.

Engines: asyncio (the limit, nothing durable), sqlite and postgresql (ours in this process),
workers1 and workers2 (ours in one or two `toolpath worker` processes, PostgreSQL and Redis), celery
(canvas), and, once `make bench-peers` has made their environments, langgraph, langgraph-func, dbos
and prefect. Recorded workflows (bacass, sarek, rnaseq, asynchow …: benchmarks/shapes.py) are read
from the folder that TOOLPATH_BENCH_DATA names and scaled to a critical path of one second.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.engines.celery import celery_engine
from benchmarks.engines.foreign import PEERS, foreign_engine, installed
from benchmarks.engines.ours import Planning, our_engine, our_workers
from benchmarks.engines.plain import PATIENCE, Burst, asyncio_burst
from benchmarks.shapes import SHAPES, Graph, graph
from tests import servers

OURS = ("asyncio", "sqlite", "postgresql", "workers1", "workers2", "celery")


@dataclass(slots=True)
class Cell:
    """One engine on one shape: makespans (median of a burst) and nodes a second, one a repeat."""

    engine: str
    graph: Graph
    milliseconds: float
    runs: int
    makespans: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    failed: str = ""

    async def repeat(self, burst: Burst) -> None:
        """Measure once more, unless it has failed."""
        if self.failed:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                spans, wall = await burst(self.graph, self.runs)
        except Exception as error:  # noqa: BLE001 - a peer's failure is a result
            self.failed = f"{type(error).__name__}: {error}"[:80]
            return
        self.makespans.append(statistics.median(spans))
        self.rates.append(self.runs * len(self.graph.parents) / wall)

    def line(self, limit: Cell | None) -> str:
        """One line of the table, with the ratio to asyncio in the same window."""
        time_ = f"{self.milliseconds:3.0f} ms" if self.graph.name in SHAPES else "scaled"
        head = f"{self.engine:14} {self.graph.name:11} {time_} {self.runs:4} runs"
        if self.failed:
            return f"{head}  FAILED {self.failed}"
        makespan, rate = statistics.median(self.makespans), statistics.median(self.rates)
        ideal = self.graph.critical_path
        path = f"x{makespan / ideal:.3f} of the critical path" if ideal else ""
        text = f"{head}  {makespan * 1000:8.1f} ms {path}  {rate:7.0f} nodes/s"
        if limit is None or limit.failed or limit is self:
            return text
        slower = makespan / statistics.median(limit.makespans)
        share = rate / statistics.median(limit.rates)
        return f"{text}  asyncio x{slower:.3f}, rate {share:.3f}"


async def measure(engines: dict[str, Burst], arguments: argparse.Namespace) -> list[Cell]:
    """All cells, each engine in turn within each repeat."""
    done: list[Cell] = []
    for milliseconds, runs, name in itertools.product(
        arguments.milliseconds, arguments.runs, arguments.graphs
    ):
        if name not in SHAPES and milliseconds != arguments.milliseconds[0]:
            continue  # a recorded workflow has times of its own
        drawn = graph(name, milliseconds / 1000)
        cells = [Cell(engine, drawn, milliseconds, int(runs)) for engine in engines]
        await _alternate(engines, cells, arguments.repeats)
        done += cells
    return done


async def _alternate(engines: dict[str, Burst], cells: list[Cell], repeats: int) -> None:
    for _ in range(repeats):
        for cell in cells:
            await cell.repeat(engines[cell.engine])
    limit = next((cell for cell in cells if cell.engine == "asyncio"), None)
    for cell in cells:
        print(cell.line(limit), flush=True)


async def start(name: str, stack: AsyncExitStack, planning: Planning) -> Burst:
    """One engine, with the servers that it needs."""

    def postgres() -> str:
        server = servers.start_postgres(durable=True)
        stack.callback(server.stop)
        return server.url

    def redis() -> str:
        server = servers.start_redis()
        stack.callback(server.stop)
        return server.url

    if name == "asyncio":
        return asyncio_burst
    if name == "celery":
        return await stack.enter_async_context(celery_engine(redis()))
    if name == "sqlite":
        return await stack.enter_async_context(our_engine(None, planning))
    if name == "postgresql":
        return await stack.enter_async_context(our_engine(postgres(), planning))
    if name in PEERS:
        return await stack.enter_async_context(foreign_engine(name, postgres()))
    count = int(name.removeprefix("workers"))
    return await stack.enter_async_context(our_workers(postgres(), redis(), count, planning))


def fsync_p50() -> float:
    """Milliseconds of an fsync after a small write, where the scratch folders lie: the median of 200."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(200):
            file.write(b"x" * 512)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def record(cell: Cell) -> dict[str, Any]:
    """A cell for `--json`."""
    return {
        "engine": cell.engine,
        "graph": cell.graph.name,
        "milliseconds": cell.milliseconds,
        "runs": cell.runs,
        "critical_path": cell.graph.critical_path,
        "makespans": cell.makespans,
        "rates": cell.rates,
        "failed": cell.failed,
    }


def numbers(text: str) -> list[float]:
    """Comma-separated numbers."""
    return [float(part) for part in text.split(",")]


def words(text: str) -> list[str]:
    """Comma-separated words."""
    return text.split(",")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="The execution engine beside its peers.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--milliseconds", type=numbers, default=[50.0, 0.0])
    parser.add_argument("--runs", type=numbers, default=[1, 10, 100])
    parser.add_argument("--graphs", type=words, default=list(SHAPES))
    parser.add_argument("--engines", type=words, default=[*OURS, *filter(installed, PEERS)])
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


async def main() -> None:
    """Start what is asked for, measure, print."""
    arguments = parse()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, "
        f"fsync p50 {fsync_p50():.1f} ms",
        flush=True,
    )
    planning: Planning = {}
    async with AsyncExitStack() as stack:
        engines = {name: await start(name, stack, planning) for name in arguments.engines}
        cells = await measure(engines, arguments)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    for key, seconds in planning.items():
        print(f"planning {key:14} {statistics.median(seconds) * 1000:7.0f} ms")
    if arguments.json:
        arguments.json.write_text(json.dumps([record(cell) for cell in cells], indent=1))


if __name__ == "__main__":
    asyncio.run(main())
