"""How fast one API process accepts runs: `POST /v1/runs` at 300 a second, then as fast as it goes.

    .venv/bin/python -m benchmarks.accept [--seconds 10] [--rate 300] [--connections 64]

PostgreSQL with fsync and Redis; no worker, so that nothing but accepting is measured. An accepted
run is on disk when the answer comes. Latency is counted from the moment a request was due, not from
when it could be sent, so a stall is charged to every request behind it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time

from benchmarks.service import (
    Installation,
    embedded,
    given_plan,
    post,
    production,
    quantiles,
    register_waiting,
)

BODY = json.dumps(given_plan(3, 1.0) | {"mode": "plan"}).encode()


async def steady(it: Installation, *, rate: float, seconds: float, connections: int) -> list[float]:
    """Latencies in seconds at a fixed rate, whatever the answers take."""
    count = int(rate * seconds)
    due: asyncio.Queue[float] = asyncio.Queue()
    taken: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        while (at := await due.get()) >= 0:
            status = await post(reader, writer, "/v1/runs", it.headers, BODY)
            if status != 202:
                raise RuntimeError(f"answered {status}")
            taken.append(time.perf_counter() - at)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(client())
        begun = time.perf_counter()
        for number in range(count):
            at = begun + number / rate
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due.put_nowait(at)
        for _ in range(connections):
            due.put_nowait(-1.0)
    return taken


async def saturated(it: Installation, *, seconds: float, connections: int) -> float:
    """Accepted runs a second when each connection asks again at once."""
    end = time.perf_counter() + seconds

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        done = 0
        while time.perf_counter() < end:
            if await post(reader, writer, "/v1/runs", it.headers, BODY) != 202:
                raise RuntimeError("not accepted")
            done += 1
        writer.close()
        return done

    begun = time.perf_counter()
    counts = await asyncio.gather(*(client() for _ in range(connections)))
    return sum(counts) / (time.perf_counter() - begun)


def report(name: str, it: Installation, arguments: argparse.Namespace) -> None:
    """Measure one installation and print a line."""
    register_waiting(it)
    asyncio.run(steady(it, rate=50, seconds=2, connections=8))  # the first requests load and compile
    taken = asyncio.run(
        steady(it, rate=arguments.rate, seconds=arguments.seconds, connections=arguments.connections)
    )
    most = asyncio.run(saturated(it, seconds=arguments.seconds, connections=arguments.connections))
    print(f"{name:11} {arguments.rate:.0f}/s: {quantiles(taken)}   saturated: {most:.0f} runs/s", flush=True)


def main() -> None:
    """Measure on PostgreSQL with an API process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with production(workers=0) as it:
        report("postgresql", it, arguments)
    with embedded() as it:
        report("sqlite", it, arguments)


if __name__ == "__main__":
    main()
