"""How near the choice of a replica comes to one that knows everything, and what choosing costs.

    .venv/bin/python -m benchmarks.routing [--requests 20000] [--load 0.6] [--seeds 3]

Eight simulated replicas with four places each: five good, one five times as slow, one that fails at
once, one that is dead. Times are log-normal (mean 100 ms, σ 1: the 99th percentile is six means),
arrivals are Poisson. The router is the one of the service, on a clock that jumps. All policies try
a failed call elsewhere; "alone" they know no breakers.

`--real 1500` sends so many requests to eight real servers on this machine as well (mean 200 ms), by
the whole path of a tool call, and by litellm's router where `make bench-peers` has installed it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.routes import real, virtual
from benchmarks.routes.policies import POLICIES, Policy
from benchmarks.routes.servers import Work, cluster, rate_of
from tools.endpoints.record import Endpoint, Protocol, Replica
from tools.endpoints.router import Route, Router, Target
from tools.errors import ToolError

#: The share of requests at the start that is not counted.
_WARM_UP = 0.1
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Drive:
    """How many requests come, how fast, and whose their times are."""

    requests: int
    load: float
    own: bool
    seed: int


async def drive(name: str, how: Drive) -> tuple[list[float], int]:
    """Seconds of each request after the warm-up, and how many failed."""
    servers = cluster(how.seed)
    policy = POLICIES[name](servers)
    arrivals = random.Random(how.seed)
    seconds: list[float] = []
    failed: list[int] = []
    async with asyncio.TaskGroup() as tasks:
        for number in range(how.requests):
            tasks.create_task(_one(policy, Work(number, how.own), how, seconds, failed))
            await asyncio.sleep(arrivals.expovariate(rate_of(how.load)))
    return seconds, len(failed)


async def _one(policy: Policy, work: Work, how: Drive, seconds: list[float], failed: list[int]) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        await policy.send(work)
    except ToolError:
        failed.append(work.number)
        return
    if work.number >= _WARM_UP * how.requests:
        seconds.append(loop.time() - begun)


def quantile(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[int(share * (len(values) - 1))]


async def overhead(calls: int = 20_000) -> float:
    """Seconds that the router adds to a call of eight replicas, none of which takes any time."""
    endpoint = Endpoint("it", Protocol.OPENAI, tuple(Replica(f"http://{n}") for n in range(8)))

    class One:
        async def find(self, name: str) -> Endpoint | None:
            del name
            return endpoint

    async def nothing(_: Target) -> None:
        return None

    router, route = Router(One()), Route("it", "m", timeout=60.0, hedge=True, beginning=7)
    begun = time.perf_counter()
    for _ in range(calls):
        await router.call(route, nothing)
    return (time.perf_counter() - begun) / calls


def main() -> None:
    """Print a table for each kind of tail; exit 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--load", type=float, default=0.6, help="share of what the good replicas can do")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--real", type=int, default=0, help="requests to real servers")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    metrics = simulated(options.requests, options.load, options.seeds)
    metrics["overhead"] = asyncio.run(overhead())
    if options.json:
        print(json.dumps({"metrics": metrics}))
    else:
        _show(metrics, options.load)
    if options.real:
        _show_real(real.measure(options.real))
    broken = promises_broken(metrics)
    for promise in broken:
        print(f"broken: {promise}", file=sys.stderr)
    sys.exit(bool(broken))


def simulated(requests: int, load: float, seeds: int) -> dict[str, float]:
    """Medians over the seeds, by kind of tail, policy and quantile."""
    metrics: dict[str, float] = {}
    for own in (False, True):
        tail = "request" if own else "server"
        for name in POLICIES:
            found = [virtual.run(drive(name, Drive(requests, load, own, seed))) for seed in range(seeds)]
            for label, share in QUANTILES.items():
                values = [quantile(seconds, share) for seconds, _ in found]
                metrics[f"{tail}: {name}: {label}"] = statistics.median(values)
            metrics[f"{tail}: {name}: failed"] = sum(failed for _, failed in found)
    return metrics


def promises_broken(metrics: dict[str, float]) -> list[str]:
    """What the documentation promises and these figures do not hold."""
    broken = []
    for tail in ("server", "request"):
        ours = metrics[f"{tail}: toolpath: p95"]
        if ours > 1.25 * metrics[f"{tail}: oracle: p95"]:
            broken.append(f"{tail}: p95 is over 1.25 of the oracle's")
        broken += [
            f"{tail}: {name} has the lower p95"
            for name in ("round robin", "least busy", "lowest latency")
            if metrics[f"{tail}: {name}: p95"] < ours
        ]
        if metrics[f"{tail}: toolpath: failed"]:
            broken.append(f"{tail}: calls failed")
    if metrics["overhead"] > 0.001:
        broken.append("the router takes over a millisecond")
    return broken


def _show_real(found: dict[str, dict[str, Any]]) -> None:
    print("real servers: p50, p95, p99 in ms; failed; ms of CPU a call; µs that the router adds")
    for name, one in found.items():
        p50, p95, p99 = (quantile(one["seconds"], share) * 1e3 for share in QUANTILES.values())
        added = f"{one['overhead'] * 1e6:8.0f}" if "overhead" in one else ""
        print(f"  {name:32}{p50:8.0f}{p95:8.0f}{p99:8.0f}{one['failed']:6}{one['cpu'] * 1e3:8.1f}{added}")


def _show(metrics: dict[str, float], load: float) -> None:
    machine = f"{os.cpu_count()} cores, load of the machine {os.getloadavg()[0]:.1f}"
    print(f"{machine}; {rate_of(load):.0f} requests/s")
    for tail in ("server", "request"):
        print(f"the tail is the {tail}'s: p50, p95, p99 in ms; p95 ÷ oracle; failed")
        best = metrics[f"{tail}: oracle: p95"]
        for name in POLICIES:
            p50, p95, p99 = (metrics[f"{tail}: {name}: {label}"] for label in ("p50", "p95", "p99"))
            failed = metrics[f"{tail}: {name}: failed"]
            print(
                f"  {name:26}{p50 * 1e3:8.0f}{p95 * 1e3:8.0f}{p99 * 1e3:8.0f}{p95 / best:8.2f}{failed:6.0f}"
            )
    print(f"overhead of the router: {metrics['overhead'] * 1e6:.0f} µs a call")


if __name__ == "__main__":
    main()
