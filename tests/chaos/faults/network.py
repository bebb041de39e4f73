"""The wires between the processes and their servers are slow, cut, or silent in one direction."""

from __future__ import annotations

import time
from typing import Literal

from tests.chaos.cluster import Cluster
from tests.chaos.faults.catalogue import fault
from tests.chaos.proxy import Direction, Proxy
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, chain, fan, once, paid

To = Literal["PostgreSQL", "Redis"]


def _cases(name: str, length: int = 22) -> list[Case]:
    return [
        chain(f"{name}-chain", length, ms=450, followed=True),
        fan(f"{name}-fan", 8, ms=600),
        once(f"{name}-once", ms=600),
        paid(f"{name}-paid", 4, budget="0.20"),
    ]


def _proxy(cluster: Cluster, to: To) -> Proxy:
    return cluster.to_postgres if to == "PostgreSQL" else cluster.to_redis


def _slow(cluster: Cluster, result: Result, to: To) -> None:
    proxy = _proxy(cluster, to)
    proxy.delay = 0.2
    try:
        with Wave(cluster, _cases(f"slow-{to}", 3)) as wave:
            wave.hit(result)
    finally:
        proxy.heal()
    wave.settle(result)


def _cut(cluster: Cluster, result: Result, to: To) -> None:
    with Wave(cluster, _cases(f"cut-{to}")) as wave:
        wave.until(wave.at_work)
        for _ in range(6):
            _proxy(cluster, to).cut()
            wave.hit(result)
            time.sleep(1.7)
    wave.settle(result)
    result.notes.append(f"{wave.lost()} attempts lost")


def _half_open(cluster: Cluster, result: Result, to: To, silent: Direction) -> None:
    proxy = _proxy(cluster, to)
    with Wave(cluster, _cases(f"half-{silent}-{to}")) as wave:
        wave.until(wave.at_work)
        proxy.stall(silent)
        wave.hit(result)
        time.sleep(12)
        proxy.cut()  # what was held back never arrives
        proxy.heal()
    wave.settle(result)
    result.notes.append(f"{wave.lost()} attempts lost")


@fault("200 ms more to and from PostgreSQL with every packet", "every run ends")
def slow_postgres(cluster: Cluster, result: Result) -> None:
    _slow(cluster, result, "PostgreSQL")


@fault(
    "all connections to PostgreSQL cut, six times in 10 s",
    "every run ends; a commit in doubt counts once",
    short=True,
)
def cut_postgres(cluster: Cluster, result: Result) -> None:
    _cut(cluster, result, "PostgreSQL")


@fault("PostgreSQL's replies stay away for 12 s, then the connections break", "a commit in doubt counts once")
def deaf_postgres(cluster: Cluster, result: Result) -> None:
    _half_open(cluster, result, "PostgreSQL", "down")


@fault("requests to PostgreSQL stay away for 12 s, then the connections break", "every run ends")
def dumb_postgres(cluster: Cluster, result: Result) -> None:
    _half_open(cluster, result, "PostgreSQL", "up")


@fault("200 ms more to and from Redis with every packet", "every run ends")
def slow_redis(cluster: Cluster, result: Result) -> None:
    _slow(cluster, result, "Redis")


@fault("all connections to Redis cut, six times in 10 s", "every run ends")
def cut_redis(cluster: Cluster, result: Result) -> None:
    _cut(cluster, result, "Redis")


@fault("Redis's replies stay away for 12 s, then the connections break", "every run ends")
def deaf_redis(cluster: Cluster, result: Result) -> None:
    _half_open(cluster, result, "Redis", "down")
