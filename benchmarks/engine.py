"""The execution engine beside its peers: chain20, fan50 and layer100 at 1, 10 and 100 runs at once.

    .venv/bin/python benchmarks/engine.py [--repeats 5] [--milliseconds 50,0] [--runs 1,10,100]
        [--engines asyncio,celery,sqlite,postgresql] [--shapes chain20,fan50,layer100] [--json FILE]

Engines are alternated within a repeat, so that they meet the same neighbours on a shared machine.
A node sleeps without holding a thread. For ours the makespan is counted from the commit that lays
the path to the commit that ends the run (times of the run's own events); `with planning` counts
from the acceptance of the request. Peers start with their graph built.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks.shapes import SHAPES, by_layer, depth  # noqa: E402

#: One burst: (shape, seconds a node, runs at once) -> makespan of each run in seconds, wall seconds.
Burst = Callable[[str, float, int], Awaitable[tuple[list[float], float]]]
#: Seconds after which a burst counts as failed.
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the table: medians over the repeats."""

    engine: str
    shape: str
    milliseconds: float
    runs: int
    makespan_ms: float
    ratio: float
    nodes_per_second: float
    failed: str = ""


# --- engines --------------------------------------------------------------------------------------


async def asyncio_burst(shape: str, seconds: float, runs: int) -> tuple[list[float], float]:
    """The limit: plain tasks of one loop, nothing durable."""

    async def one() -> float:
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

    begun = time.perf_counter()
    spans = await asyncio.gather(*(one() for _ in range(runs)))
    return list(spans), time.perf_counter() - begun


@asynccontextmanager
async def celery_engine(redis_url: str) -> AsyncIterator[Burst]:
    """Celery canvas: chains of chords, one worker process of 128 threads."""
    os.environ["BENCH_BROKER"] = redis_url
    from benchmarks import canvas  # noqa: PLC0415

    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "benchmarks.canvas", "worker", "-P", "threads", "-c", "128"]
        + ["--without-gossip", "--without-mingle", "-l", "ERROR"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    async def burst(shape: str, seconds: float, runs: int) -> tuple[list[float], float]:
        begun = time.perf_counter()
        spans = await asyncio.gather(
            *(asyncio.to_thread(canvas.run, by_layer(SHAPES[shape]), seconds, PATIENCE) for _ in range(runs))
        )
        return list(spans), time.perf_counter() - begun

    try:
        await asyncio.to_thread(canvas.run, [[0]], 0.0, 30.0)
        yield burst
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)


@asynccontextmanager
async def our_engine(database_url: str | None, spans: dict[str, list[float]]) -> AsyncIterator[Burst]:
    """The embedded service's own parts, in this process; `spans` gets the times with planning."""
    from orchestrator import bootstrap  # noqa: PLC0415
    from orchestrator.domain.events import EventType  # noqa: PLC0415
    from orchestrator.domain.ids import new_id  # noqa: PLC0415
    from orchestrator.domain.run import RunRequest  # noqa: PLC0415
    from orchestrator.settings import load  # noqa: PLC0415
    from tools.testing_functions import BY_NAME  # noqa: PLC0415

    bootstrap.log_plainly(level="error")
    with tempfile.TemporaryDirectory() as folder:
        settings = load(
            data_dir=Path(folder),
            database_url=database_url,
            python_modules=("tools.testing_functions",),
            max_live=2000,
        )
        services = bootstrap.build(settings, runs_steps=True)

        def request(shape: str, seconds: float) -> RunRequest:
            subtasks = [
                {
                    "id": f"n{node}",
                    "goal": "wait",
                    "tool": "sleep_ms",
                    "arguments": {"ms": seconds * 1000},
                    "needs": [f"n{parent}" for parent in parents],
                }
                for node, parents in SHAPES[shape].items()
            ]
            return RunRequest(plan={"subtasks": subtasks})

        async def one(shape: str, seconds: float) -> tuple[float, float]:
            run = await services.store.accept(new_id("run"), request(shape, seconds))
            services.doorbell.ring()
            seen, laid, ended = 0, 0.0, 0.0
            while not ended:
                waiting = asyncio.create_task(services.signals.wait(run.id, timeout=5.0))
                await asyncio.sleep(0)
                events = await services.store.events(run.id, after=seen, limit=5000)
                if not events:
                    await waiting
                waiting.cancel()
                for event in events:
                    seen = event.number
                    laid = event.at if event.type is EventType.PATH_CHOSEN else laid
                    if event.type is EventType.RUN_ENDED:
                        if event.data["status"] != "succeeded":
                            raise RuntimeError(f"the run ended as {event.data}")
                        ended = event.at
            return laid, ended

        async def burst(shape: str, seconds: float, runs: int) -> tuple[list[float], float]:
            begun = time.perf_counter()
            times = await asyncio.gather(*(one(shape, seconds) for _ in range(runs)))
            whole = time.perf_counter() - begun
            spans.setdefault(f"{shape}/{seconds}/{runs}", []).append(whole)
            first = min(laid for laid, _ in times)
            return [ended - laid for laid, ended in times], max(ended for _, ended in times) - first

        async with bootstrap.running(services):
            await services.catalog.add(BY_NAME["sleep_ms"])
            yield burst


# --- measuring ------------------------------------------------------------------------------------


async def measure(engines: dict[str, Burst], arguments: argparse.Namespace) -> list[Row]:
    """All cells, each engine in turn within each repeat."""
    rows: list[Row] = []
    for milliseconds in arguments.milliseconds:
        for runs in arguments.runs:
            for shape in arguments.shapes:
                rows += await cell(engines, shape, milliseconds / 1000, runs, arguments.repeats)
    return rows


async def cell(
    engines: dict[str, Burst], shape: str, seconds: float, runs: int, repeats: int
) -> list[Row]:
    """One shape, node time and number of runs on every engine."""
    spans: dict[str, list[float]] = {name: [] for name in engines}
    rates: dict[str, list[float]] = {name: [] for name in engines}
    failed: dict[str, str] = {}
    for _ in range(repeats):
        for name, burst in engines.items():
            if name in failed:
                continue
            try:
                async with asyncio.timeout(PATIENCE):
                    makespans, wall = await burst(shape, seconds, runs)
            except Exception as error:  # noqa: BLE001 - a peer's failure is a result
                failed[name] = f"{type(error).__name__}: {error}"[:80]
                continue
            spans[name].append(statistics.median(makespans))
            rates[name].append(runs * len(SHAPES[shape]) / wall)
    rows = []
    for name in engines:
        rows.append(row(name, shape, seconds, runs, spans[name], rates[name], failed.get(name, "")))
        print(line(rows[-1]), flush=True)
    return rows


def row(
    name: str, shape: str, seconds: float, runs: int, spans: list[float], rates: list[float], failed: str
) -> Row:
    """Medians of one engine's repeats."""
    if failed or not spans:
        return Row(name, shape, seconds * 1000, runs, 0.0, 0.0, 0.0, failed or "no result")
    makespan, ideal = statistics.median(spans), depth(SHAPES[shape]) * seconds
    ratio = makespan / ideal if ideal else 0.0
    return Row(name, shape, seconds * 1000, runs, makespan * 1000, ratio, statistics.median(rates))


def line(row: Row) -> str:
    """One line of the table."""
    head = f"{row.engine:12} {row.shape:9} {row.milliseconds:4.0f} ms  {row.runs:3} runs"
    if row.failed:
        return f"{head}  FAILED {row.failed}"
    ratio = f"x{row.ratio:.3f}" if row.ratio else "      "
    return f"{head}  makespan {row.makespan_ms:8.1f} ms {ratio}  {row.nodes_per_second:7.0f} nodes/s"


def numbers(text: str) -> list[float]:
    """Comma-separated numbers."""
    return [float(part) for part in text.split(",")]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--milliseconds", type=numbers, default=[50.0, 0.0])
    parser.add_argument("--runs", type=lambda text: [int(n) for n in numbers(text)], default=[1, 10, 100])
    parser.add_argument("--shapes", type=lambda text: text.split(","), default=list(SHAPES))
    parser.add_argument(
        "--engines", type=lambda text: text.split(","), default=["asyncio", "celery", "sqlite", "postgresql"]
    )
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


async def main() -> None:
    """Start what is asked for, measure, print."""
    from tests import servers  # noqa: PLC0415

    arguments = parse()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    planning: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        engines: dict[str, Burst] = {}
        for name in arguments.engines:
            engines[name] = await start(name, stack, servers, planning)
        rows = await measure(engines, arguments)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    for key, walls in planning.items():
        shape, seconds, runs = key.split("/")
        rate = int(runs) * len(SHAPES[shape]) / statistics.median(walls)
        print(f"with planning: {shape} {float(seconds) * 1000:.0f} ms {runs} runs {rate:.0f} nodes/s")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


async def start(name: str, stack: AsyncExitStack, servers: Any, planning: dict[str, list[float]]) -> Burst:
    """One engine, with the server that it needs."""
    if name == "asyncio":
        return asyncio_burst
    if name == "celery":
        redis = stack.enter_context(servers.redis_server())
        return await stack.enter_async_context(celery_engine(redis))
    if name == "sqlite":
        return await stack.enter_async_context(our_engine(None, planning))
    postgres = stack.enter_context(servers.postgres_server(fsync=True))
    return await stack.enter_async_context(our_engine(postgres, planning))


if __name__ == "__main__":
    asyncio.run(main())
