"""How late followers hear: 500 event streams over 100 runs that make 100 events a second in all.

    .venv/bin/python -m benchmarks.follow [--followers 500] [--runs 100] [--seconds 20]

One API process and one worker on PostgreSQL and Redis. An event's lateness is the time at which a
follower has its line less the time at which the transaction that made it began.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from datetime import datetime

from benchmarks.service import Installation, given_plan, post, production, quantiles, register_waiting


async def follow(it: Installation, run_id: str, lateness: list[float], gaps: list[str], since: float) -> None:
    """Read one stream to its end; every event's lateness, and what was missing or came twice."""
    reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
    writer.write(f"GET /v1/runs/{run_id}/events HTTP/1.1\r\n{it.headers}\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    last = 0
    while True:
        line = (await reader.readline()).decode().strip()
        now = time.time()
        if line.startswith("id:"):
            number = int(line[3:])
            if number != last + 1:
                gaps.append(f"{run_id}: {last} then {number}")
            last = number
        elif line.startswith("data:"):
            event = json.loads(line[5:])
            at = datetime.fromisoformat(event["at"]).timestamp()
            if at > since:
                lateness.append(now - at)
            if event["type"] == "run.ended":
                writer.close()
                return


async def measure(it: Installation, arguments: argparse.Namespace) -> tuple[list[float], list[str], int]:
    """Plan the runs, follow them, start them spread over two seconds, and wait for all ends."""
    steps = int(arguments.seconds / 2)
    body = given_plan(steps, 2000) | {"mode": "plan"}  # two events every two seconds
    with it.client() as client:
        runs = [client.post("/v1/runs", body, status=202)["id"] for _ in range(arguments.runs)]
        for run_id in runs:
            client.wait(run_id)
    lateness: list[float] = []
    gaps: list[str] = []
    begun = time.time()
    async with asyncio.TaskGroup() as group:
        for number in range(arguments.followers):
            since = begun + 4.0  # the streams' own start, and that of the runs, are not measured
            group.create_task(follow(it, runs[number % len(runs)], lateness, gaps, since))
        group.create_task(start(it, runs))
    return lateness, gaps, steps


async def start(it: Installation, runs: list[str]) -> None:
    """Start the planned runs one after the other, so that their events are spread like their starts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
    begun = time.monotonic() + 1.0
    for number, run_id in enumerate(runs):
        await asyncio.sleep(max(0.0, begun + 2 * number / len(runs) - time.monotonic()))
        if await post(reader, writer, f"/v1/runs/{run_id}/resume", it.headers, b"") != 200:
            raise RuntimeError(f"{run_id} was not started")
    writer.close()


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--followers", type=int, default=500)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with production(workers=1) as it:
        register_waiting(it)
        lateness, gaps, _ = asyncio.run(measure(it, arguments))
    count = f"{arguments.followers} followers, {len(lateness)} deliveries"
    print(f"{count}: {quantiles(lateness)}; gaps and repeats: {len(gaps)}")
    for gap in gaps[:5]:
        print(gap)


if __name__ == "__main__":
    main()
