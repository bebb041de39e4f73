"""The execution engine beside its peers: chain20, fan50 and layer100 at 1, 10 and 100 runs at once.

    .venv/bin/python -m benchmarks.engine [--repeats 5] [--milliseconds 50,0] [--runs 1,10,100]
        [--engines asyncio,celery,sqlite,postgresql] [--shapes chain20,fan50,layer100] [--json FILE]

Engines are alternated within a repeat, so that they meet the same neighbours on a shared machine.
A node sleeps without holding a thread. Ours are planned before they are started together, as the
peers' graphs are built before; the makespan runs from the transaction that starts a run, and lays
its steps, to the one that ends it. `planning` is the time until all runs of a burst are planned.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.ours import Planning, our_engine
from benchmarks.peers import PATIENCE, Burst, asyncio_burst, celery_engine
from benchmarks.shapes import SHAPES, depth
from tests import servers


@dataclass(slots=True)
class Cell:
    """One engine on one shape: makespans (median of a burst) and nodes a second, one a repeat."""

    engine: str
    shape: str
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
                spans, wall = await burst(self.shape, self.milliseconds / 1000, self.runs)
        except Exception as error:  # noqa: BLE001 - a peer's failure is a result
            self.failed = f"{type(error).__name__}: {error}"[:80]
            return
        self.makespans.append(statistics.median(spans))
        self.rates.append(self.runs * len(SHAPES[self.shape]) / wall)

    def line(self, limit: Cell | None) -> str:
        """One line of the table, with the ratio to asyncio in the same window."""
        head = f"{self.engine:11} {self.shape:9} {self.milliseconds:3.0f} ms {self.runs:4} runs"
        if self.failed:
            return f"{head}  FAILED {self.failed}"
        makespan, rate = statistics.median(self.makespans), statistics.median(self.rates)
        ideal = depth(SHAPES[self.shape]) * self.milliseconds / 1000
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
    for milliseconds in arguments.milliseconds:
        for runs in arguments.runs:
            for shape in arguments.shapes:
                cells = [Cell(name, shape, milliseconds, int(runs)) for name in engines]
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
    """One engine, with the server that it needs."""
    if name == "asyncio":
        return asyncio_burst
    if name == "celery":
        redis = servers.start_redis()
        stack.callback(redis.stop)
        return await stack.enter_async_context(celery_engine(redis.url))
    if name == "sqlite":
        return await stack.enter_async_context(our_engine(None, planning))
    postgres = servers.start_postgres(durable=True)
    stack.callback(postgres.stop)
    return await stack.enter_async_context(our_engine(postgres.url, planning))


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
    parser.add_argument("--shapes", type=words, default=list(SHAPES))
    parser.add_argument("--engines", type=words, default=["asyncio", "celery", "sqlite", "postgresql"])
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


async def main() -> None:
    """Start what is asked for, measure, print."""
    arguments = parse()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True
    )
    planning: Planning = {}
    async with AsyncExitStack() as stack:
        engines = {name: await start(name, stack, planning) for name in arguments.engines}
        cells = await measure(engines, arguments)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    for key, seconds in planning.items():
        print(f"planning {key:14} {statistics.median(seconds) * 1000:7.0f} ms")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(cell) for cell in cells], indent=1))


if __name__ == "__main__":
    asyncio.run(main())
